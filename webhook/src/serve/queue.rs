//! Lines on their way to a log, which never block who writes them.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Takes lines and hands them to a thread of its own, which writes them. Where that thread cannot keep
/// up, lines are dropped and counted: a full pipe must not stop admission.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    sender: Sender<Message>,
    load: Arc<Load>,
}

/// What is under way, and how much may be. The channel has no bound of its own.
#[derive(Debug)]
struct Load {
    max_lines: usize,
    max_bytes: usize,
    lines: AtomicUsize,
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Lines that are written together, by one system call.
#[derive(Default)]
struct Batch {
    lines: usize,
    bytes: Vec<u8>,
    flushes: Vec<SyncSender<()>>,
}

/// Bytes from which on a batch is written without waiting for more.
const BATCH_BYTES: usize = 64 << 10;

impl Queue {
    /// A queue of at most `max_lines` lines and `max_bytes` bytes before `output`.
    ///
    /// # Errors
    /// When the machine has no thread left.
    pub(crate) fn start(
        name: &str,
        mut output: impl Write + Send + 'static,
        max_lines: usize,
        max_bytes: usize,
    ) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let load = Arc::new(Load {
            max_lines,
            max_bytes,
            lines: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        });
        let of_thread = load.clone();
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || {
            while let Some(batch) = next_batch(&receiver) {
                batch.write(&mut output, &of_thread);
            }
        })?;
        Ok(Self { sender, load })
    }

    /// Hands over a line, its end included, or drops it.
    pub(crate) fn push(&self, line: Vec<u8>) {
        let len = line.len();
        if !self.load.take(len) || self.sender.send(Message::Line(line)).is_err() {
            self.load.give_back(1, len);
            self.load.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Lines dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.load.dropped.load(Relaxed)
    }

    /// Waits until everything so far is written, `patience` at most; whether it is.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        let (done, written) = sync_channel(1);
        self.sender.send(Message::Flush(done)).is_ok() && written.recv_timeout(patience).is_ok()
    }
}

impl Load {
    /// Counts a line in; whether there is room for it.
    fn take(&self, bytes: usize) -> bool {
        let lines_before = self.lines.fetch_add(1, Relaxed);
        let bytes_before = self.bytes.fetch_add(bytes, Relaxed);
        lines_before < self.max_lines && bytes_before.saturating_add(bytes) <= self.max_bytes
    }

    fn give_back(&self, lines: usize, bytes: usize) {
        self.lines.fetch_sub(lines, Relaxed);
        self.bytes.fetch_sub(bytes, Relaxed);
    }
}

impl Batch {
    fn add(&mut self, message: Message) {
        match message {
            Message::Line(line) => {
                self.lines += 1;
                self.bytes.extend_from_slice(&line);
            }
            Message::Flush(done) => self.flushes.push(done),
        }
    }

    fn write(self, output: &mut impl Write, load: &Load) {
        let written = output.write_all(&self.bytes).and_then(|()| output.flush());
        if written.is_err() {
            // nobody is left to be told: the log itself is what cannot be written
            load.dropped.fetch_add(self.lines as u64, Relaxed);
        }
        load.give_back(self.lines, self.bytes.len());
        for done in self.flushes {
            let _ = done.try_send(());
        }
    }
}

/// The events of `tracing`: each is one whole write.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Queue;

    fn make_writer(&'a self) -> &'a Queue {
        self
    }
}

/// Everything that waits, up to [`BATCH_BYTES`]; `None` when nobody can send any more.
fn next_batch(receiver: &Receiver<Message>) -> Option<Batch> {
    let mut batch = Batch::default();
    batch.add(receiver.recv().ok()?);
    while batch.bytes.len() < BATCH_BYTES {
        let Ok(message) = receiver.try_recv() else {
            break;
        };
        batch.add(message);
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Writes nothing before it is allowed to: a pipe that nobody reads.
    struct Stuck(mpsc::Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let sink = Sink::default();
        let queue = Queue::start("test", sink.clone(), 100, 1000).unwrap();
        for i in 0..100 {
            queue.push(format!("{i}\n").into_bytes());
        }
        assert!(queue.flush(PATIENCE));
        let expected: String = (0..100).map(|i| format!("{i}\n")).collect();
        assert_eq!(sink.0.lock().unwrap().as_slice(), expected.as_bytes());
        assert_eq!(queue.dropped(), 0);
    }

    #[test]
    fn a_stuck_output_costs_lines_not_time() {
        let (release, stuck) = mpsc::channel();
        let queue = Queue::start("test", Stuck(stuck), 4, 1000).unwrap();
        for _ in 0..20 {
            queue.push(b"line\n".to_vec());
        }
        assert_eq!(queue.dropped(), 16);
        assert!(!queue.flush(Duration::from_millis(20)));
        drop(release);
        assert!(queue.flush(PATIENCE));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (release, stuck) = mpsc::channel();
        let queue = Queue::start("test", Stuck(stuck), 1000, 10).unwrap();
        queue.push(vec![b'x'; 11]);
        assert_eq!(queue.dropped(), 1, "one byte too many");
        queue.push(vec![b'x'; 10]);
        assert_eq!(queue.dropped(), 1);
        queue.push(vec![b'x'; 1]);
        assert_eq!(queue.dropped(), 2, "full");
        drop(release);
        assert!(queue.flush(PATIENCE));
        queue.push(vec![b'x'; 10]);
        assert_eq!(queue.dropped(), 2, "room again");
    }
}
