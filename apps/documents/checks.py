"""System checks: a paper without its face is found at start, not by the reader."""
from typing import Any

from django.core import checks

from apps.documents import fonts


@checks.register("fonts")
def faces_are_there(**kwargs: Any) -> list[checks.CheckMessage]:
    """documents.W001 for every official face or fallback that fontconfig does not find."""
    return [
        checks.Warning(
            f"打印文书缺少字体：{label}", id="documents.W001",
            hint="运行 portal.py 准备字体，或把字体放入 PORTAL_FONTS 指定的目录，并让 FONTCONFIG_FILE 指向字体配置。",
        )
        for label in fonts.missing()
    ]
