"""Superset's own data, before it starts: tables, roles, the admin, and what the assets say.

Runs in Superset's environment, with Superset's own functions. Whatever goes wrong ends it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask import g
from superset.app import create_app


def main(assets: Path) -> None:
    """Bring the database of SUPERSET_HOME up to date, and take the folder of assets in."""
    app = create_app()
    with app.app_context():
        _upgrade()
        _import(assets, _admin())


def _upgrade() -> None:
    import superset
    from flask_migrate import upgrade
    from superset import appbuilder, security_manager

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def _admin() -> object:
    """The user, with the password that the environment gives."""
    from superset import security_manager

    name, password = os.environ["SUPERSET_ADMIN_USER"], os.environ["SUPERSET_ADMIN_PASSWORD"]
    user = security_manager.find_user(username=name)
    if user is None:
        role = security_manager.find_role("Admin")
        user = security_manager.add_user(name, "Admin", "Yunying", "admin@localhost", role)
        if not user:
            raise SystemExit("Superset did not make its admin: see above")
    security_manager.reset_password(user.id, password)
    return user


def _import(assets: Path, user: object) -> None:
    """Databases, datasets, charts and dashboards of the folder replace those of the same uuid."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    contents = {
        str(path.relative_to(assets)): path.read_text(encoding="utf-8")
        for path in sorted(assets.rglob("*.yaml"))
    }
    g.user = user
    with override_user(user):
        ImportAssetsCommand(contents).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
