"""What the inbox knows of clients, pages and members: its copy of two compacted topics."""
