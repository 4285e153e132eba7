"""The dashboard that Grafana is provisioned with: built here, kept as JSON beside it."""
