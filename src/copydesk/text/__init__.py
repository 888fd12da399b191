"""Raw text to paragraphs and back."""
