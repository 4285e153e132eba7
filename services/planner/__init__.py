"""The planner: clients and their pages, campaigns, content items and the tasks that make them.

`team` is what this service knows of the members, `directory` clients and pages; then `campaigns`,
`tasks`, `content`; `plan` has the pages people work in. Each may use those named before it.
"""
