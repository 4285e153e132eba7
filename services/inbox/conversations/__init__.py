"""Conversations: who has them, what was said, and what members do with them."""
