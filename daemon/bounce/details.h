#pragma once

#include <string_view>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {

// "This is the mail system at host mx.example.org", "Generating server: ...".
Found reporting_mta_in(std::string_view notice, std::size_t bytes_max);
// "The message identifier is: ...", "Message-ID: <...>" among the notice's own lines.
Found message_id_in(std::string_view notice, std::size_t bytes_max);
// A queue id that the notice names for the message it is about.
std::vector<Found> queue_ids_in(std::string_view notice, std::size_t bytes_max);

}  // namespace rastro
