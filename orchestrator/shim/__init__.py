"""The small process between the coordinator and one worker, which starts, limits, follows and ends it.

Everything here runs before or beside a worker, hundreds of times a day, so it imports the standard library alone.
"""
