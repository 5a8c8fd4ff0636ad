#pragma once

#include <cstddef>
#include <string_view>

namespace rastro {

// Steps (insert, delete, replace, swap of neighbours) from one to the other, byte by byte; `most` +
// 1: more than `most`. For words and addresses: the time is the product of the lengths.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t most);

// False: edit_distance() is more than `most`, also when the case of ASCII letters does not count.
// By sizes and letters alone, which tells nearly all pairs of addresses apart.
bool may_be_within(std::string_view a, std::string_view b, std::size_t most);

}  // namespace rastro
