#pragma once

#include <string>
#include <string_view>

namespace rastro {

// The note in a timeline that a message made another one: a report, an automatic answer.
inline std::string report_note(std::string_view queue_id) {
  return "report or automatic answer sent: " + std::string(queue_id);
}

}  // namespace rastro
