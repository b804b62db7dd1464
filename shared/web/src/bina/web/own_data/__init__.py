"""A person's own data (UU 27/2022 Pasal 7 and 32): what each service keeps of them, why, how long, and who looked at it.

A service declares its tables once (`<service>/own_data.py`) and mounts what comes of it::

    own = OwnData("assessment", holdings, {"runs": "angkatan, tanpa orang"})
    create_app(…, api_routers=[…, own.api_router()], page_routers=[…, own.page_router()])

`holdings()` says which tables hold something of a person and which rows are theirs; every other table stands in the
exclusions with its reason. A test walks the schemas, so a new table is sorted or the suite is red.
"""

from bina.web.own_data.holding import Basis, Holding
from bina.web.own_data.routes import OwnData

__all__ = ["Basis", "Holding", "OwnData"]
