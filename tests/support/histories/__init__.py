"""Random histories of a small team: what people do to it, and what must be the case after it.

`commands` are drawn by hypothesis, `world` says in words of its own what each of them means. The
pure domain is held against that world in `tests/unit`, the use cases on a real MongoDB in
`tests/integration`.
"""
