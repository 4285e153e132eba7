"""The planner: clients and their pages, campaigns, content items and the tasks that make them.

`directory` clients and pages; `campaigns`; `content` items, their revisions and status; `tasks`;
`team` what this service knows of the members; `plan` the pages people work in. Each may use the
ones to its left in: team, directory, campaigns, tasks, content, plan.
"""
