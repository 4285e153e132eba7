"""Sources: the signed webhooks by which pages send their messages."""
