"""The asyncio edge of the service."""
