"""N-gram families: cutting texts, vocabularies of terms, and the counters that number n-grams."""
