"""The staff pages: campaigns with live numbers, who got what and why, one person. Jinja and one small script.

Everything works without the script but for the numbers that move. Nothing is fetched from another host. What changes
something is a plain form, taken only from our own pages; what leaves the building asks first and says how many people
it is about. Promised: the app of frontend.md takes their place.
"""

from antiphon.app.browser import app, campaign, home, person

routes = [*app.routes, *home.routes, *campaign.routes, *person.routes]

__all__ = ["routes"]
