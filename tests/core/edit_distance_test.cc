#include "core/edit_distance.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

TEST(EditDistance, CountsStepsUpToTheLimit) {
  EXPECT_EQ(edit_distance("juan", "juan", 2), 0U);
  EXPECT_EQ(edit_distance("juan", "jaun", 2), 1U);  // neighbours swapped
  EXPECT_EQ(edit_distance("juan", "juann", 2), 1U);
  EXPECT_EQ(edit_distance("juan", "jan", 2), 1U);
  EXPECT_EQ(edit_distance("juan", "joam", 2), 2U);
  EXPECT_EQ(edit_distance("juan", "pedro", 2), 3U);
  EXPECT_EQ(edit_distance("", "ab", 2), 2U);
  EXPECT_EQ(edit_distance("", "abcdef", 2), 3U);
}

}  // namespace
}  // namespace rastro
