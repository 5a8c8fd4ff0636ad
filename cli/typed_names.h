#pragma once

#include <string>
#include <string_view>

namespace rastro::cli {

// The API's names for what a person typed, as far as the catalogue knows it in either language and
// whatever the case, accents and the ending: "devueltos,Aplazado" with prefix "outcome_" is
// "bounced,deferred", "buzon lleno" with "reason_" is "mailbox_full". The rest stays as it was
// typed.
std::string api_names(std::string_view prefix, std::string_view typed);

// The word of `names` (with blanks between) that is spelt almost like `typed`; "" if none is.
std::string near_word(std::string_view typed, std::string_view names);

// A queue id rather than a name: 6 letters or more, with a digit, of those that MTAs use.
bool is_like_a_queue_id(std::string_view word);
// As find shows it: 13 small letters and digits. No mail server writes its queue ids so.
bool is_like_a_journey_id(std::string_view id);
// What names one message: a queue id, host/queue-id, find's id, <Message-ID>.
bool is_like_an_id(std::string_view word);

}  // namespace rastro::cli
