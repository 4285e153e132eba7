"""The demo's sign-in page: everybody of the agency, and one click signs in as them.

A process of its own that only `make demo` starts. No service contains any of it: what signs the
sessions is the secret that this process is given, as `python -m shared.auth` would.

    python -m deploy.local.sign_in          # settings: see `SignInSettings`
"""
