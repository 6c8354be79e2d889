"""The real application on a database of the tests: `python -m tests.server DATABASE PORT`."""

from __future__ import annotations

import sys

from werkzeug.serving import make_server

from gridmap.app import create_app
from gridmap.config import Settings
from gridmap.operations.serving import end_with_parent
from gridmap.store.db import Database

if __name__ == "__main__":
    end_with_parent()
    settings = Settings.load()
    application = create_app(settings, Database.connect(settings, sys.argv[1]))
    make_server("127.0.0.1", int(sys.argv[2]), application, threaded=True).serve_forever()
