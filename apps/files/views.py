"""The guarded download."""
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.files.queries import attachment_for
from apps.files.services import hand_out


@login_required
@require_GET
def download(request: PortalRequest, attachment_id: UUID) -> HttpResponseBase:
    """Hand out a file whose record the user may see, inert: as an attachment, of a fixed type, in a sandbox."""
    attachment = attachment_for(request.user, attachment_id)
    if attachment is None:
        raise Http404
    try:
        path = hand_out(attachment, by=request.user, at=timezone.now())
    except Refused as error:
        raise Http404(error.message) from error
    response = FileResponse(path.open("rb"), as_attachment=True, filename=attachment.name, content_type=attachment.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
