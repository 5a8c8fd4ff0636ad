#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// `text` without what people put below their letters, wherever in it somebody who passes a notice
// on signed: name, address and telephone, what follows "-- ", a legal notice. What is left has as
// many lines.
std::string without_signatures(std::string_view text);

// Who wrote what stands above the first word of a failure: "El lun, 9 nov, Marta <a@b> escribió:",
// "soy Marta (a@b)".
std::vector<std::string> writers_in(std::string_view text);

}  // namespace rastro
