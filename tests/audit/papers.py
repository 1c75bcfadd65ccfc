"""Two tables of the audit's own tests: a paper, its pages, and stickers on anything."""
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Paper(models.Model):
    """A row under the net."""

    title = models.CharField(max_length=40)
    unit_id = models.BigIntegerField(null=True)

    class Meta:
        app_label = "audit_papers"

    def __str__(self):
        return self.title


class Leaf(models.Model):
    """A child row: an event naming its paper counts for it."""

    paper = models.ForeignKey(Paper, models.CASCADE)
    text = models.CharField(max_length=40)

    class Meta:
        app_label = "audit_papers"

    def __str__(self):
        return self.text


class Sticker(models.Model):
    """A child row of any table."""

    content_type = models.ForeignKey(ContentType, models.CASCADE, db_constraint=False)  # the flush truncates it alone
    object_id = models.BigIntegerField()
    on = GenericForeignKey()
    text = models.CharField(max_length=40)

    class Meta:
        app_label = "audit_papers"

    def __str__(self):
        return self.text


MODELS = (Paper, Leaf, Sticker)
