"""Messages in: de-duplicated, threaded into conversations, routed to who acts."""
