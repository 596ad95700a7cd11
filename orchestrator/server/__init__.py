"""The dashboard's server follows sessions by their journals, shows them, and drops commands for their coordinators.

Nothing else in the program imports this part, so a run without a dashboard loads none of it.
"""
