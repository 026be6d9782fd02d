"""relay: the real-time core of a remote public-service network.

```python
async with Relay(Settings(data_dir="/var/lib/relay")) as relay:
    portal.mount("/relay", relay.app)
```

Names are loaded when first used, so that tools which need a part of relay do not pay for the whole.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relay.catalogue import Catalogue as Catalogue
    from relay.catalogue import Department as Department
    from relay.catalogue import KioskProfile as KioskProfile
    from relay.catalogue import Region as Region
    from relay.catalogue import SeatProfile as SeatProfile
    from relay.catalogue import ServiceItem as ServiceItem
    from relay.config import AuthSettings as AuthSettings
    from relay.config import LatencySettings as LatencySettings
    from relay.config import LogSettings as LogSettings
    from relay.config import ServerSettings as ServerSettings
    from relay.config import SfuSettings as SfuSettings
    from relay.errors import Malformed as Malformed
    from relay.errors import Misuse as Misuse
    from relay.errors import Refusal as Refusal
    from relay.errors import RelayError as RelayError
    from relay.scheduler.settings import SchedulerSettings as SchedulerSettings
    from relay.scheduler.shell.outlets import OutletSettings as OutletSettings
    from relay.scheduler.shell.webhook import WebhookSettings as WebhookSettings
    from relay.server.auth import Grants as Grants
    from relay.server.auth import Role as Role
    from relay.server.facade import Relay as Relay
    from relay.server.settings import Settings as Settings
    from relay.server.settings import load_settings as load_settings
    from relay.service.shell.portal import CallEvent as CallEvent
    from relay.service.shell.portal import NewCall as NewCall
    from relay.service.views import CallView as CallView
    from relay.service.views import QueueView as QueueView
    from relay.service.views import SeatView as SeatView

_HOMES = {
    "AuthSettings": "relay.config",
    "CallEvent": "relay.service.shell.portal",
    "CallView": "relay.service.views",
    "Catalogue": "relay.catalogue",
    "Department": "relay.catalogue",
    "KioskProfile": "relay.catalogue",
    "LatencySettings": "relay.config",
    "LogSettings": "relay.config",
    "Malformed": "relay.errors",
    "Misuse": "relay.errors",
    "NewCall": "relay.service.shell.portal",
    "QueueView": "relay.service.views",
    "Refusal": "relay.errors",
    "Region": "relay.catalogue",
    "Relay": "relay.server.facade",
    "RelayError": "relay.errors",
    "Grants": "relay.server.auth",
    "Role": "relay.server.auth",
    "SchedulerSettings": "relay.scheduler.settings",
    "OutletSettings": "relay.scheduler.shell.outlets",
    "WebhookSettings": "relay.scheduler.shell.webhook",
    "SeatProfile": "relay.catalogue",
    "SeatView": "relay.service.views",
    "ServerSettings": "relay.config",
    "ServiceItem": "relay.catalogue",
    "Settings": "relay.server.settings",
    "SfuSettings": "relay.config",
    "load_settings": "relay.server.settings",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  one list of names, not two


def __getattr__(name: str) -> Any:
    """Load a name of the front door (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'relay' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
