#pragma once

#include "core/bounded_queue.h"
#include "daemon/writer_loop.h"

namespace rastro {

// The packer thread, there only when log lines are copied into the index: packs the lines of each
// batch on its way to the writer, so that neither reading nor writing waits for the compressor.
class PackerLoop {
 public:
  PackerLoop(BoundedQueue<NumberedBatch>& in, BoundedQueue<NumberedBatch>& out)
      : in_(in), out_(out) {}

  // Returns when `in` is closed and empty, or `out` is closed.
  void run();

 private:
  BoundedQueue<NumberedBatch>& in_;
  BoundedQueue<NumberedBatch>& out_;
};

}  // namespace rastro
