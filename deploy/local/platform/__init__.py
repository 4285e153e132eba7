"""A simulated social platform, for people who have no developer keys.

A process of its own with stored state of its own. Pages of several networks live on it, authors
write to them, and every message is delivered to the page's webhook: signed by Standard Webhooks,
tried again until it is taken, and now and then twice, as platforms do.

    python -m deploy.local.platform          # settings: see `PlatformSettings`
"""
