"""Errors of object stores in plain words. The libraries are told apart by the names of their errors, none is imported."""

from __future__ import annotations

from collections.abc import Iterator

from logproc.model.errors import SourceError, too_many_files
from logproc.model.patterns import regex
from logproc.sources.objects.places import Place

REPLACED = "replaced since it was listed", "it is not known which of its lines belong together; run again"
NO_OBJECT = "no such object", "check the name; --recursive reads all objects below a prefix"
NO_BUCKET = "no such bucket", "check its name, and whose credentials are used"
DENIED = "access denied", "the credentials that are used may not read this"
REFUSED = "credentials refused", "they are wrong or too old, or the clock of this machine is"
NO_CREDENTIALS = "no credentials", ""
UNREACHABLE = "the store cannot be reached", "is the endpoint right, and the network up?"
TOO_LATE = "no answer in time", "the store is slow or gone; wait longer with --read-timeout"
THROTTLED = "too many requests", "the store limits them; read fewer at once with --streams, or try later"
CUT = "connection broken", "try later"
UNWELL = "the store has failed", "try later"
ARCHIVED = "archived: it cannot be read directly", "restore it first"
ELSEWHERE = "the bucket is in another region", "set AWS_REGION to it"
BAD_NAME = "not the name of a bucket or an object", "check the name"

WORDS = {
    REPLACED: "PreconditionFailed 412 ConditionNotMet ResourceModifiedError",
    NO_BUCKET: "NoSuchBucket ContainerNotFound ContainerBeingDeleted",
    NO_OBJECT: "NoSuchKey BlobNotFound ResourceNotFoundError FileNotFoundError 404",
    REFUSED: "InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken TokenRefreshRequired RequestTimeTooSkewed"
    " AuthenticationFailed InvalidAuthenticationInfo ClientAuthenticationError RefreshError UnauthorizedSSOTokenError"
    " TokenRetrievalError 401",
    NO_CREDENTIALS: "NoCredentialsError PartialCredentialsError CredentialRetrievalError ProfileNotFound SSOTokenLoadError"
    " LoginTokenLoadError NoAuthTokenError DefaultCredentialsError CredentialUnavailableError",
    ARCHIVED: "InvalidObjectState BlobArchived",
    ELSEWHERE: "PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException 301 NoRegionError",
    THROTTLED: "SlowDown Throttling ThrottlingException TooManyRequests RequestLimitExceeded ServerBusy 429 503",
    DENIED: "AccessDenied AllAccessDisabled AuthorizationFailure AuthorizationPermissionMismatch PermissionError 403",
    TOO_LATE: "ReadTimeoutError ConnectTimeoutError RequestTimeout ServiceResponseTimeoutError ServerTimeoutError TimeoutError"
    " FSTimeoutError",
    UNREACHABLE: "EndpointConnectionError ProxyConnectionError ServiceRequestError ClientConnectorError SSLError",
    CUT: "ConnectionClosedError ResponseStreamingError IncompleteRead IncompleteReadError ClientPayloadError"
    " ServiceResponseError ServerDisconnectedError HTTPClientError ClientConnectionError ConnectionError",
    UNWELL: "InternalError ServiceUnavailable 500 502 504",
    BAD_NAME: "ParamValidationError InvalidBucketName InvalidResourceName InvalidUri KeyTooLongError 400",
}
"""What to say, and the hint, by codes of the servers and by names of exceptions. What comes first is more exact."""
NAME = regex(r"[A-Za-z0-9_.]{1,60}")
HINTS = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; of a public bucket, FSSPEC_S3_ANON=true",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or run `az login`",
}


def explained(error: BaseException, place: Place) -> SourceError:
    """Return the error of a library in plain words. Nothing of its own text is shown: it may hold a signed address."""
    for cause in causes(error):
        if no_descriptor := too_many_files(cause):
            return SourceError(*no_descriptor)
    names = list(filter(NAME.fullmatch, names_in(error)))
    for words, known in WORDS.items():
        if not set(names).isdisjoint(known.split()):
            what, hint = words
            return SourceError(what, hint or HINTS[place.store])
    return SourceError(f"the store or its library failed: {names[0]}", "--debug shows where")


def names_in(error: BaseException) -> Iterator[str]:
    """Yield the codes of an error and of its causes, and the names of their classes. The code of an S3 comes first."""
    yield from filter(None, map(code_of, causes(error)))
    for cause in causes(error):
        yield from (str(getattr(cause, name, "")) for name in ("error_code", "status_code", "code"))
        yield from (kind.__name__ for kind in type(cause).__mro__ if kind not in {OSError, Exception, BaseException, object})


def code_of(error: BaseException) -> str:
    """Return the code with which botocore says that a server refused a request, or ""."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
