"""The inbox: one place for all pages, every conversation with a present member or uncovered."""
