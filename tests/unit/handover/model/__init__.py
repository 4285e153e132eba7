"""A model of the handover protocol, small enough to run through thousands of random histories.

`scheduling` decides, `participating` moves its items, in `processes` that stop and start;
`histories` plays them against each other as chance (`tapes`) will have it; `checks` says what is
wrong afterwards. Only the rule itself is the real one.

Whatever in the program is one atomic step (a single write, the commit of a transaction) is one
step here; between any two of them anything else may happen. A transaction is a snapshot and a
commit, which fails if anything it writes was written by others in between, as in MongoDB.
"""
