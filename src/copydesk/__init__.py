"""Train, judge and run topic and boilerplate-paragraph classifiers for crawled news."""
