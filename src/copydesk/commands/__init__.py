"""Commands about runs and models that are there already, a module each."""
