#include "store/open_leg_places.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

OpenLegPlace place(std::uint64_t serial, std::uint32_t row, bool untold) {
  return {serial, row, untold, {}};
}

std::vector<std::uint64_t> ids(OpenLegPlaces& places) {
  std::vector<std::uint64_t> out;
  const auto list = places.untold();
  EXPECT_NE(list, nullptr);
  for (const auto& leg : *list) out.push_back(leg.leg_id);
  return out;
}

TEST(OpenLegPlaces, ListThoseWithoutARecipientNewestFirst) {
  OpenLegPlaces places;
  places.put(1, place(7, 1, true));
  places.put(3, place(7, 2, true));
  places.put(2, place(7, 3, false));
  EXPECT_EQ(ids(places), (std::vector<std::uint64_t>{3, 1}));
  places.put(3, place(7, 4, false));
  EXPECT_EQ(ids(places), (std::vector<std::uint64_t>{1}));
  places.put(1, place(8, 9, true));
  EXPECT_EQ(places.untold()->front().row, 9U);
  places.erase(1);
  EXPECT_TRUE(ids(places).empty());
  EXPECT_EQ(places.size(), 2U);
}

TEST(OpenLegPlaces, AListStaysAsItWasMade) {
  OpenLegPlaces places;
  places.put(1, place(7, 1, true));
  const auto before = places.untold();
  EXPECT_EQ(places.untold(), before);
  places.put(2, place(7, 2, true));
  EXPECT_EQ(before->size(), 1U);
  EXPECT_EQ(ids(places), (std::vector<std::uint64_t>{2, 1}));
}

TEST(OpenLegPlaces, WhatAFileHeldIsForgottenWithIt) {
  OpenLegPlaces places;
  places.put(1, place(7, 1, true));
  places.put(2, place(8, 1, true));
  places.erase_of_file(7);
  EXPECT_EQ(ids(places), (std::vector<std::uint64_t>{2}));
  EXPECT_FALSE(places.find(1));
}

TEST(OpenLegPlaces, TooManyMakeNoList) {
  OpenLegPlaces places;
  for (std::uint64_t id = 1; id <= OpenLegPlaces::kUntoldMax + 1; ++id)
    places.put(id, place(7, static_cast<std::uint32_t>(id), true));
  EXPECT_EQ(places.untold(), nullptr);
  places.erase(1);
  EXPECT_EQ(places.untold()->size(), OpenLegPlaces::kUntoldMax);
}

}  // namespace
}  // namespace rastro
