#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/answer/search.h"
#include "tests/store/writer_fixture.h"

namespace rastro {

// Questions as the API takes them, to an index that a test has written.
class SearchFixture : public WriterFixture {
 protected:
  void SetUp() override { open(); }

  FindAnswer find(Parameters parameters) {
    parameters.emplace("tz", "UTC");
    auto request = parse_find(parameters, {1000, clock_.wall()});
    EXPECT_TRUE(request) << (request ? "" : request.error().parameter + request.error().detail);
    request_ = *request;
    reader_ = samples::reader_of(*writer_);
    auto found = find_journeys(*reader_, request_, Duration::zero(), clock_);
    EXPECT_TRUE(found);
    return std::move(*found);
  }
  // Queue ids in the order of the answer.
  std::vector<std::string> ids(const Parameters& parameters) {
    std::vector<std::string> out;
    for (const auto& item : find(parameters).items) out.push_back(item.journey.legs[0].queue_id);
    return out;
  }

  const Time start_ = samples::start_time();
  FindRequest request_;  // of the last find()
  std::unique_ptr<StoreReader> reader_;
};

}  // namespace rastro
