"""A change of contact data, for apps further down to act upon in the same transaction."""
from django.dispatch import Signal

# user, old_email, fields (which of email, phone), at: somebody else could use a change of these to become the person
contact_changed = Signal()
