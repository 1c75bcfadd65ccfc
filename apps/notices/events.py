"""The audit events of the outbox. Delivery itself is logged by its own rows."""
from apps.audit.catalogue import declare

declare({"delivery.resent": "重新发送通知邮件"})
