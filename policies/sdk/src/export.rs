/// Makes a policy module of a function: the wasm exports of the ABI and the metadata section, for
/// wasm32 only, and the metadata as `METADATA` everywhere.
///
/// ```ignore
/// gatehouse_sdk::export! {
///     metadata: "../policy.json",   // relative to the file with this macro
///     settings: Settings,           // serde::Deserialize
///     evaluate: evaluate,           // fn(&Request, &Settings, &Facts) -> Result<Findings, Needs>
///     configure: configure,         // optional: fn(&Settings) -> Vec<SettingsError>
/// }
/// ```
#[macro_export]
macro_rules! export {
    (metadata: $metadata:literal, settings: $settings:ty, evaluate: $evaluate:path $(,)?) => {
        $crate::export! {
            metadata: $metadata,
            settings: $settings,
            evaluate: $evaluate,
            configure: |_: &$settings| ::std::vec::Vec::new(),
        }
    };
    (
        metadata: $metadata:literal,
        settings: $settings:ty,
        evaluate: $evaluate:path,
        configure: $configure:expr $(,)?
    ) => {
        /// What this policy says about itself, as JSON.
        pub const METADATA: &str = include_str!($metadata);

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[used]
            #[unsafe(link_section = "gatehouse.policy")]
            static METADATA: [u8; include_bytes!($metadata).len()] = *include_bytes!($metadata);

            #[unsafe(no_mangle)]
            extern "C" fn gatehouse_alloc(len: u32) -> u32 {
                $crate::guest::alloc(len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn gatehouse_configure(settings: u32, len: u32) -> u64 {
                $crate::guest::configure::<$settings>((settings, len), $configure)
            }

            #[unsafe(no_mangle)]
            extern "C" fn gatehouse_evaluate(
                request: u32,
                request_len: u32,
                settings: u32,
                settings_len: u32,
                facts: u32,
                facts_len: u32,
            ) -> u64 {
                $crate::guest::evaluate::<$settings>(
                    (request, request_len),
                    (settings, settings_len),
                    (facts, facts_len),
                    $evaluate,
                )
            }
        };
    };
}
