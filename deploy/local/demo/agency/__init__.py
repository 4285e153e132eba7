"""The demo's agency: Haselbach & Kern, Leipzig. Everybody and everything in it is made up.

Data only. Things are named by keys (`JH`, `morgenrot-instagram`), and times are counted from the
moment of filling in: in working days, at an hour of the agency's time zone.
"""
