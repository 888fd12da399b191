"""What ``boilerplate.py`` measures beside copydesk, and how texts are compared."""
