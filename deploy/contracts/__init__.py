"""The event contracts as documents: AsyncAPI, the catalogue, and what a release promised.

    composed services -> AsyncAPI documents -> docs/asyncapi/<service>.json
                                            -> docs/events.md
                                            -> compared with docs/asyncapi/released/<version>

`python -m deploy.contracts` writes the first two; `… release` keeps them as the next baseline.
"""
