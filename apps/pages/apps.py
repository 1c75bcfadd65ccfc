from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "apps.pages"
    label = "pages"
    verbose_name = "页面"

    def ready(self) -> None:
        from apps.pages import import_jobs  # noqa: F401 -- name the kinds of job
