"""Why a certificate is not trusted, in words that name no address."""

import ssl

OTHER_NAME = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""


def distrust(error: ssl.SSLCertVerificationError) -> str:
    """Return the reason, with no full stop."""
    # OpenSSL's own sentence would tell where we wanted to go.
    return "it was made out for another name" if error.verify_code in OTHER_NAME else error.verify_message
