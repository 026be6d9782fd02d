from relay.scheduler.draft cimport Draft
from relay.scheduler.entities cimport Call


cpdef tuple others_of(Call call)


cpdef long long wrap_until_ms(Draft draft) except? -2


cpdef withdraw(Draft draft, Call call, str reason, long long backoff_ms=*)


cpdef free_others(Draft draft, Call call)


cpdef cancel_invitations(Draft draft, Call call, str reason)


cpdef abandon(Draft draft, Call call, object by, str reason, long long resume_until_ms=*)


cpdef drop_offer(Draft draft, Call call, str reason)
