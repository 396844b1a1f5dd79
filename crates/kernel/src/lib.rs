//! What every service needs: calls, clock, identifiers, limits, ARNs.
