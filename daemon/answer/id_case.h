#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/answer/find_request.h"
#include "store/query.h"

namespace rastro {

// Exim's ids and Postfix' long ones begin with the time, in digits that tell small letters from
// capitals. Which seconds within `range` may be meant by an id whose case was lost; empty: it has
// no such form.
std::vector<Time> times_of_queue_id(std::string_view typed, const TimeRange& range);

// The queue id, or Message-ID, that is `typed` but for the case of its letters, as it stands in
// the index; "": none was met in the time that is left (which is short for a Message-ID: it says
// nothing about when it was made). 0: no limit.
Result<std::string> queue_id_in_other_case(StoreReader& store, std::string_view typed,
                                           Duration time_left);
Result<std::string> message_id_in_other_case(StoreReader& store, std::string_view typed,
                                             const TimeRange& range, Duration time_left);

// Where the question names an id that is in the index in other letters: puts that in, and tells it.
// False: nothing was changed.
Result<bool> correct_id_case(StoreReader& store, FindRequest& request, Duration time_left);

}  // namespace rastro
