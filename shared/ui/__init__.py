"""The design system: page shell, components, static files, languages. Import from its modules."""
