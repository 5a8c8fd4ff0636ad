#include "parsers/parser.h"
namespace rastro {
std::string_view queue_id_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::string_view {
        if constexpr (requires { e.queue_id; }) return e.queue_id;
        return {};
      },
      event);
}
}  // namespace rastro
