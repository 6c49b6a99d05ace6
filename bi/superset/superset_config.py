"""Superset's settings. It runs this file in its own environment; `bi/superset/start.py` says so.

Superset finds what is published where YUNYING_PUBLISH_DIR says, keeps its own data in
SUPERSET_HOME, and asks for nothing on the network.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask_appbuilder.const import AUTH_DB
from sqlalchemy.engine import URL
from superset.config import TALISMAN_CONFIG

from bi.superset.colours import SCHEMES
from orchestration.project import ROOT, Settings

HOME = Path(os.environ["SUPERSET_HOME"])
PUBLISH_DIR = Settings.from_environment().publish_dir

SECRET_KEY = (HOME / "secret-key").read_text(encoding="utf-8").strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}"
AUTH_TYPE = AUTH_DB

# Both languages of the interface; the words of dashboards carry both.
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "zh": {"flag": "cn", "name": "简体中文"},
}

# Okabe and Ito's colours, which colour-blind people tell apart, as on the boards.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "yunying",
        "description": "Okabe and Ito",
        "label": "Yunying 运营",
        "isDefault": True,
        "colors": [
            "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8A8F98",
            # Darker, for the eighth series and those after it.
            "#003C5E", "#7A5400", "#00543D", "#702F00",
        ],
    },
    {
        "id": "yunying_steps",
        "description": "Light enough for words on them",
        "label": "Yunying 运营: steps",
        "isDefault": False,
        "colors": [
            "#7DB8E8", "#9CC9EE", "#B6D8F3", "#CBE3F7", "#DCECF9", "#E8F3FB", "#F1F8FD",
        ],
    },
    *(
        {
            "id": name,
            "description": "As on the boards",
            "label": f"Yunying 运营: {name}",
            "isDefault": False,
            "colors": list(colours),
        }
        for name, colours in SCHEMES.items()
    ),
]  # fmt: skip

# Pictures and addresses of others are not asked for.
TALISMAN_CONFIG = {
    **TALISMAN_CONFIG,
    "content_security_policy": {
        **TALISMAN_CONFIG["content_security_policy"],
        "img-src": ["'self'", "blob:", "data:"],
        "connect-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
    },
}


def DB_CONNECTION_MUTATOR(
    uri: URL, parameters: dict[str, Any], *_: object
) -> tuple[URL, dict[str, Any]]:
    """Open what readers see now, and nothing else of this machine.

    Superset opens a connection for each query and closes it, so every query has the newest build,
    and none is held open. Whoever writes SQL in SQL Lab reads no other file, and writes none.
    """
    if uri.get_backend_name() != "duckdb" or not uri.database:
        return uri, parameters
    path = Path(uri.database)
    if path == Path("data/published/yunying.duckdb"):
        path = PUBLISH_DIR / path.name
    arguments = parameters.setdefault("connect_args", {})
    arguments["config"] = {
        **arguments.get("config", {}),
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    return uri.set(database=str(ROOT / path)), parameters
