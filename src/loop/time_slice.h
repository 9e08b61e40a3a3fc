// How long a thread may have its core while others want it.
//
//   std::thread([&] { ask_for_short_slices(); loop->run(); });
//
// A thread that sleeps most of the time and must wake punctually (a proxy that delays, a generator
// that starts what is due) asks for a core soon rather than for long: on a machine whose cores are
// shared it then waits for tenths of a millisecond, and not until the others' slices of some
// milliseconds are over. Its share of the CPU stays what it was.
//
// Source: Linux 6.12, EEVDF: sched_attr::sched_runtime of SCHED_OTHER is the slice, 0.1 to 100 ms.
#pragma once

namespace brunt {

// For the calling thread, not for what it starts. False: the kernel refused. Older kernels agree
// and do nothing; a thread that has another scheduling policy already keeps it.
bool ask_for_short_slices();

}  // namespace brunt
