// Generated from schema/protocol.schema.json by `npm run types`. Do not edit.

/**
 * The cameras that are there now.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraList".
 */
export type CameraList = CameraInfo[]
/**
 * One config entry where one was named, else all of them.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ConfigReply".
 */
export type ConfigReply = (ConfigEntry | ConfigEntry[])
/**
 * The kinds of config entry.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ConfigType".
 */
export type ConfigType = ("text" | "range" | "toggle" | "menu" | "button" | "date")
/**
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "JsonValue".
 */
export type JsonValue = unknown
/**
 * Where a job stands; also the status of its manifest.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "JobState".
 */
export type JobState = ("running" | "paused" | "completed" | "failed" | "cancelled" | "interrupted")
/**
 * Images by filename.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageList".
 */
export type ImageList = ImageFile[]
/**
 * Where one step of a job stands.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "StepState".
 */
export type StepState = ("pending" | "running" | "done" | "failed" | "skipped")
/**
 * Files of a set by filename.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetFileList".
 */
export type SetFileList = SetFile[]
/**
 * Image sets; a page of them where a limit was given.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageSetList".
 */
export type ImageSetList = (ImageSet[] | ImageSetPage)
/**
 * The jobs under way and the last ones that ended, newest first.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "JobList".
 */
export type JobList = Job[]
/**
 * A stable name for each kind of failure.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ErrorCode".
 */
export type ErrorCode = ("internal_error" | "invalid_request" | "invalid_message" | "unknown_action" | "invalid_payload" | "message_too_large" | "invalid_name" | "too_many_requests" | "request_too_slow" | "server_only" | "recipe_unfit" | "unauthorized" | "forbidden" | "right_missing" | "camera_error" | "no_camera_selected" | "camera_not_found" | "camera_not_open" | "camera_busy" | "camera_claimed" | "camera_forbidden" | "camera_lost" | "camera_timeout" | "camera_crashed" | "detection_failed" | "capture_failed" | "card_full" | "capture_incomplete" | "trigger_missed" | "capture_refused" | "preview_unsupported" | "preview_failed" | "liveview_stopped" | "config_not_found" | "config_readonly" | "config_invalid" | "config_rejected" | "focus_unknown" | "light_error" | "unknown_light" | "lights_busy" | "light_limited" | "lamp_failed" | "light_not_measured" | "trigger_error" | "trigger_missing" | "trigger_failed" | "sync_missing" | "sync_late" | "sync_mismatch" | "store_error" | "set_not_found" | "set_busy" | "set_exists" | "manifest_newer" | "recipe_not_found" | "recipe_exists" | "object_not_found" | "object_list_invalid" | "object_conflict" | "backup_invalid" | "image_not_found" | "image_unreadable" | "lights_file_invalid" | "disk_full" | "store_full" | "export_missing" | "surface_error" | "too_few_lights" | "lights_coplanar" | "lights_unknown" | "no_focus_stack" | "images_black" | "images_clipped" | "normals_invalid" | "camera_matrix_invalid" | "shapes_differ" | "calibration_error" | "sphere_not_found" | "sphere_too_small" | "job_error" | "job_not_found" | "cpu_busy" | "job_conflict" | "sequence_failed" | "work_failed" | "work_timeout" | "work_memory" | "server_error" | "invalid_setting" | "start_failed" | "setup_failed" | "server_stopping" | "server_unreachable" | "client_too_slow" | "not_installed" | "hook_failed" | "out_of_resources")
/**
 * Why a connection ended.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CloseCode".
 */
export type CloseCode = (1000 | 1001 | 1002 | 1006 | 1007 | 1009 | 1011 | 1012 | 1013 | 4401 | 4403 | 4429)
/**
 * What an image is: the mimetype that stands for its extension.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageType".
 */
export type ImageType = ("image/jpeg" | "image/png" | "image/tiff" | "image/webp" | "image/heic" | "image/heif" | "image/x-exr" | "image/x-canon-cr2" | "image/x-canon-cr3" | "image/x-canon-crw" | "image/x-nikon-nef" | "image/x-nikon-nrw" | "image/x-sony-arw" | "image/x-sony-sr2" | "image/x-adobe-dng" | "image/x-fuji-raf" | "image/x-olympus-orf" | "image/x-panasonic-rw2" | "image/x-pentax-pef" | "image/x-samsung-srw" | "image/x-sigma-x3f" | "image/x-hasselblad-3fr" | "image/x-phaseone-iiq")
/**
 * A part of a server that older ones lack.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Feature".
 */
export type Feature = ("liveview_sizes" | "binary_liveview" | "focus_point" | "capture_together" | "series" | "ratings" | "trash" | "naming" | "calibration" | "light_measurement" | "axes" | "frame_checks" | "set_files" | "results_state" | "set_pages" | "set_facets" | "results" | "relighting" | "merged_focus" | "exports" | "recipes" | "objects" | "scan_codes" | "trash_list" | "jobs" | "subscribe" | "log" | "neighbours" | "several_cameras" | "thumbnails" | "zip" | "zip_of_sets" | "mjpeg" | "metrics")
/**
 * What a camera is doing, from detection to loss.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraState".
 */
export type CameraState = ("closed" | "opening" | "ready" | "recovering" | "lost")
/**
 * Whether the live view of a camera's body is on, whoever watches.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ViewfinderState".
 */
export type ViewfinderState = ("on" | "standby" | "unsupported")

/**
 * What can be asked of the server, what it answers, and what it sends of its own accord.
 */
export interface TetherlightProtocol {
actions: Actions
events: Events
topics: Topics
error_code: ErrorCode
close_code: CloseCode
image_type: ImageType
feature: Feature
request: Request
reply: Reply
}
/**
 * Every action with its payload and its result.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Actions".
 */
export interface Actions {
/**
 * List the cameras that are there: on USB and the configured ones on the network.
 */
GET_CAMERAS: {
payload: NoPayload
result: CameraList
}
/**
 * Open a camera and make it the one that is meant when a request names none.
 */
SELECT_CAMERA: {
payload: SelectCamera
result: CameraInfo
}
/**
 * Close the selected camera, or the named one, and free its USB device.
 */
DESELECT_CAMERA: {
payload: CameraPayload
result: Message
}
/**
 * Give one config entry of the camera, or all of them.
 */
GET_CONFIG: {
payload: GetConfig
result: ConfigReply
}
/**
 * Set one config entry and read it back.
 */
SET_CONFIG: {
payload: SetConfig
result: ConfigEntry
}
/**
 * Take a picture and download every file of it, or leave it on the camera's card.
 */
CAPTURE_IMAGE: {
payload: CaptureImage
result: CaptureResult
}
/**
 * Send the camera's live view to this connection, frame by frame.
 */
START_LIVEVIEW: {
payload: StartLiveview
result: StartedLiveview
}
/**
 * End this connection's live view of the named camera, or of all.
 */
STOP_LIVEVIEW: {
payload: CameraPayload
result: Message
}
/**
 * Send the live view as one bare JPEG per binary message.
 */
GET_PREVIEW: {
payload: CameraPayload
result: Message
}
/**
 * Say that the last frame of a paced live view was drawn.
 */
READY: {
payload: Ready
result: Message
}
/**
 * Move the lens's focus by a step while the live view runs.
 */
DRIVE_FOCUS: {
payload: DriveFocus
result: Message
}
/**
 * Let the camera focus by itself, once, also at a point of the live view.
 */
AUTOFOCUS: {
payload: Autofocus
result: Message
}
/**
 * Take a picture with several cameras in one moment: all are released, or none.
 */
CAPTURE_ALL: {
payload: CaptureAll
result: CaptureAllResult
}
/**
 * Take several pictures as a job: a burst, one every so many seconds, or a bracket of a setting.
 */
CAPTURE_SERIES: {
payload: CaptureSeries
result: SeriesResult
}
/**
 * Keep rating and notes with a single capture, in an XMP file beside it; with one of a set, its rating.
 */
ANNOTATE_IMAGE: {
payload: AnnotateImage
result: ImageFile
}
/**
 * Move every file of a single capture to the trash, from where it can be restored for a time.
 */
DELETE_IMAGE: {
payload: ImagePath
result: Trashed
}
/**
 * Bring a deleted single capture back from the trash.
 */
RESTORE_IMAGE: {
payload: ImagePath
result: ImageFile
}
/**
 * Tell how captures and sets are named, or would be with other templates.
 */
GET_NAMING: {
payload: NamingTemplates
result: Naming
}
/**
 * Keep the templates of names in the rig file.
 */
SET_NAMING: {
payload: NamingTemplates
result: Naming
}
/**
 * Tell which lights are on, and whether real lamps hang on them.
 */
GET_LIGHT_STATES: {
payload: NoPayload
result: LightStates
}
/**
 * Switch one light on or off, or to a level where its lamp can be dimmed.
 */
SET_LIGHT_STATE: {
payload: SetLightState
result: LightChange
}
/**
 * Switch several lights in one step.
 */
SET_LIGHT_STATES: {
payload: SetLightStates
result: LightStates
}
/**
 * Replace the lights of the rig file; all lights go off.
 */
SET_RIG: {
payload: SetRig
result: LightStates
}
/**
 * Tell where lights are and how strong, from mirror spheres in a set; with `apply` the rig file has it from then on. It runs as a job, told by job_changed; the answer comes at its end.
 */
CALIBRATE_LIGHTS: {
payload: CalibrateLights
result: LightCalibration
}
/**
 * Watch by the live view how bright lights become after they are switched: how long they take, how they flicker, and their curve; with `apply` the rig file has it from then on. It runs as a job, told by job_changed; the answer comes at its end, and all lights are off then.
 */
MEASURE_LIGHTS: {
payload: MeasureLights
result: LightMeasurement
}
/**
 * Take one image per light; photometric_progress tells each step, the reply comes at the end.
 */
CAPTURE_PHOTOMETRIC_SET: {
payload: CapturePhotometricSet
result: PhotometricSetResult
}
/**
 * Take one image for each combination of the values of several axes; told as CAPTURE_PHOTOMETRIC_SET is.
 */
CAPTURE_SET: {
payload: CaptureSet
result: PhotometricSetResult
}
/**
 * Take frames of a set again with the values that they had, also long after it was captured.
 */
RETAKE_FRAMES: {
payload: RetakeFrames
result: Job
}
/**
 * List the images of a set by filename.
 */
GET_IMAGE_SET_CONTENTS: {
payload: SetName
result: ImageList
}
/**
 * Give a set with its images and its manifest.
 */
GET_IMAGE_SET: {
payload: SetName
result: SetDetails
}
/**
 * List everything that belongs to a set, as its zip holds it: images, manifest, light directions, results.
 */
GET_IMAGE_SET_FILES: {
payload: SetFiles
result: SetFileList
}
/**
 * Move a set to the trash, from where it can be restored for a time.
 */
DELETE_IMAGE_SET: {
payload: SetName
result: Message
}
/**
 * Bring a deleted set back from the trash.
 */
RESTORE_IMAGE_SET: {
payload: SetName
result: Message
}
/**
 * Give a set another name.
 */
RENAME_IMAGE_SET: {
payload: RenameSet
result: Message
}
/**
 * Keep notes and ratings with a set.
 */
ANNOTATE_IMAGE_SET: {
payload: AnnotateSet
result: Message
}
/**
 * Say how large a pixel of a set's images is: in millimetres, or by two points whose distance is known.
 */
SET_SCALE: {
payload: SetScale
result: ScaleSet
}
/**
 * Give an image's bytes as Base64 text; over HTTP the same bytes are cheaper.
 */
GET_IMAGE_DATA: {
payload: ImagePath
result: ImageData
}
/**
 * List the image sets, newest first; with a limit a page of them, else all that match.
 */
LIST_IMAGE_SETS: {
payload: ListSets
result: ImageSetList
}
/**
 * Tell by what the sets that match can be narrowed down, with counts; limit, cursor and order mean nothing.
 */
LIST_SET_FACETS: {
payload: ListSets
result: SetFacets
}
/**
 * List the newest single captures, newest first.
 */
LIST_CAPTURES: {
payload: ListCaptures
result: ImageList
}
/**
 * Compute normals, albedo and height of a set and put them into its folder. Where the set has a focus stack, repeated images or several ISOs of each light, these are merged first, as MERGE_FOCUS does. It runs as a job, told by job_changed; the answer comes at its end.
 */
RECONSTRUCT_SET: {
payload: ReconstructSet
result: Reconstructed
}
/**
 * Make a picture of a set that can be lit anew, as OpenLIME and RelightLab read it, with a page that shows it. What RECONSTRUCT_SET would merge first is merged here, too. It runs as a job, told by job_changed; the answer comes at its end.
 */
RELIGHT_SET: {
payload: RelightSet
result: MadeResult
}
/**
 * Merge the images of each light into one: a focus stack into a sharp one, all lights by the same map; repeated images into their mean; exposures and ISOs in linear light. Surfaces and pictures that can be lit anew are made of these then. It runs as a job, told by job_changed.
 */
MERGE_FOCUS: {
payload: MergeFocus
result: MadeResult
}
/**
 * Make a set into what another tool opens; the zip comes over HTTP then. It runs as a job, told by job_changed; the answer comes at its end. What was exported in this form before is replaced.
 */
EXPORT_SET: {
payload: ExportSet
result: Exported
}
/**
 * List the recipes by name; files that cannot be read are told and stand in nobody's way.
 */
LIST_RECIPES: {
payload: NoPayload
result: RecipeList
}
/**
 * Keep a recipe under its name.
 */
SAVE_RECIPE: {
payload: SaveRecipe
result: Recipe
}
/**
 * Remove a recipe; the reply has it once more, so that it can be saved again.
 */
DELETE_RECIPE: {
payload: RecipeNamed
result: Recipe
}
/**
 * Set a camera as a recipe says; where something of that cannot be, the camera stays as it was.
 */
APPLY_RECIPE: {
payload: ApplyRecipe
result: AppliedRecipe
}
/**
 * Set the camera as a recipe says and capture its set; told as CAPTURE_PHOTOMETRIC_SET is.
 */
CAPTURE_RECIPE: {
payload: CaptureRecipe
result: PhotometricSetResult
}
/**
 * List the objects of the queue in their order.
 */
LIST_OBJECTS: {
payload: NoPayload
result: ObjectList
}
/**
 * Add the objects of a list at the end of the queue; lines that give none are told.
 */
IMPORT_OBJECTS: {
payload: ImportObjects
result: ImportedObjects
}
/**
 * Make an object the current one, or none; what state it had does not matter, it is waiting again.
 */
SELECT_OBJECT: {
payload: SelectObject
result: ObjectStanding
}
/**
 * Leave the current object as done or skipped, and make the next one that waits the current one.
 */
NEXT_OBJECT: {
payload: NextObject
result: ObjectStanding
}
/**
 * Say of objects that they are done, skipped or waiting; a current one that is not waiting is left.
 */
SET_OBJECT_STATE: {
payload: SetObjectState
result: ObjectStanding
}
/**
 * Move an object in the queue.
 */
MOVE_OBJECT: {
payload: MoveObject
result: ObjectStanding
}
/**
 * Take objects out of the queue; what was captured of them stays.
 */
DELETE_OBJECTS: {
payload: DeleteObjects
result: DeletedObjects
}
/**
 * Read the barcodes and QR codes that the live view of a camera shows now; nothing else changes.
 */
SCAN_CODE: {
payload: CameraPayload
result: FoundCodes
}
/**
 * Tell what was done in a day: objects with their frames, retakes and minutes.
 */
REPORT_OBJECTS: {
payload: ReportObjects
result: ObjectReport
}
/**
 * List what was deleted and can be brought back, what was deleted last first.
 */
LIST_TRASH: {
payload: ListTrash
result: TrashList
}
/**
 * Remove for good all that lies in the trash now; each thing is told by `trash_removed`.
 */
EMPTY_TRASH: {
payload: TrashContent
result: TrashEmptied
}
/**
 * List the jobs under way and the last ones that ended.
 */
GET_JOBS: {
payload: NoPayload
result: JobList
}
/**
 * End a job after the exposure under way; what was captured is kept.
 */
CANCEL_JOB: {
payload: JobId
result: Job
}
/**
 * Stop a job after the exposure under way; camera and lights are free until it is resumed.
 */
PAUSE_JOB: {
payload: JobId
result: Job
}
/**
 * Go on with a paused or interrupted job at its first step that is not done.
 */
RESUME_JOB: {
payload: ResumeJob
result: Job
}
/**
 * Take the named steps of a job again, or all that failed; while it runs those that are done, at its end.
 */
RETRY_STEPS: {
payload: RetrySteps
result: Job
}
/**
 * Leave the named steps of a job out, or all that failed.
 */
SKIP_STEPS: {
payload: JobSteps
result: Job
}
/**
 * Tell version, features, cameras, lights, storage and jobs.
 */
GET_SERVER_INFO: {
payload: NoPayload
result: ServerInfo
}
/**
 * Give the JSON Schema of every action, event and error code.
 */
DESCRIBE: {
payload: NoPayload
result: Description
}
/**
 * Give the topics as they stand, and then an event for every change.
 */
SUBSCRIBE: {
payload: Subscribe
result: Subscription
}
/**
 * Show the token as the first message of a connection.
 */
AUTH: {
payload: Authenticate
result: Message
}
/**
 * Answer at once: for measuring the round trip, and for noticing a dead connection.
 */
PING: {
payload: NoPayload
result: Message
}
/**
 * Give the newest lines of the server's log.
 */
GET_LOG: {
payload: GetLog
result: LogTail
}
/**
 * List the other rigs that the network tells of; none where the rig file has no [bridges.mdns].
 */
GET_NEIGHBOURS: {
payload: NoPayload
result: Neighbours
}
/**
 * Look for what is wrong with cameras, lights, disk and settings, and say what mends it.
 */
DIAGNOSE: {
payload: NoPayload
result: Diagnosis
}
}
/**
 * Nothing is needed.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "NoPayload".
 */
export interface NoPayload {

}
/**
 * A camera that can be or is open.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraInfo".
 */
export interface CameraInfo {
/**
 * What the camera calls itself.
 */
model: string
/**
 * Where libgphoto2 finds it, such as usb:001,006.
 */
port: string
/**
 * Stable while the camera is known, also across replugs.
 */
camera_id: string
serial: (string | null)
selected: boolean
open: boolean
/**
 * What a camera is doing, from detection to loss.
 */
state: ("closed" | "opening" | "ready" | "recovering" | "lost")
}
/**
 * What the camera must match; with nothing given it is the first one that GET_CAMERAS lists, each time the same.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SelectCamera".
 */
export interface SelectCamera {
model?: (string | null)
/**
 * With the camera_id of a lost camera: where it is now, which is then believed of a body without a serial number.
 */
port?: (string | null)
/**
 * Opens this camera beside the others and selects it.
 */
camera_id?: (string | null)
/**
 * False opens the camera of this camera_id and leaves the selected one as it is.
 */
select?: boolean
}
/**
 * A payload that may name a camera; the selected one is meant where it does not.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraPayload".
 */
export interface CameraPayload {
camera_id?: (string | null)
}
/**
 * A sentence that says what was done.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Message".
 */
export interface Message {
message: string
}
/**
 * Which config entry is wanted; all of them where none is named.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "GetConfig".
 */
export interface GetConfig {
camera_id?: (string | null)
/**
 * A name, an alias or a full path.
 */
config_name?: (string | null)
}
/**
 * One setting of a camera.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ConfigEntry".
 */
export interface ConfigEntry {
name: string
label: string
/**
 * Menus and texts: string; range: number; toggle: boolean; date: Unix seconds.
 */
value: (string | boolean | number | null)
type: ConfigType
readonly: boolean
options: string[]
/**
 * The entry's place in the camera's own tree, such as /main/imgsettings/iso.
 */
path: string
/**
 * The name that every brand understands, such as iso.
 */
alias: (string | null)
min: (number | null)
max: (number | null)
step: (number | null)
}
/**
 * A config entry and the value that it shall have.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetConfig".
 */
export interface SetConfig {
camera_id?: (string | null)
config_name: string
value: (boolean | number | string)
/**
 * Have the camera asked also where the driver calls the entry read-only; what it kept is told.
 */
force?: boolean
}
/**
 * Whether the files of the exposure are downloaded to the server, and how long it is beyond the camera's times.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureImage".
 */
export interface CaptureImage {
camera_id?: (string | null)
download?: boolean
/**
 * Hold the shutter open for so many seconds, longer than the times of the camera (bulb).
 */
exposure_s?: (number | null)
}
/**
 * What an exposure gave.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureResult".
 */
export interface CaptureResult {
message: string
camera_id: string
/**
 * The JPEG, else the first file; null where nothing was downloaded.
 */
file_path: (string | null)
/**
 * Every file of the exposure.
 */
files: ImageFile[]
/**
 * Where the picture lies on the camera's card.
 */
camera_path: (string | null)
captured_at: string
}
/**
 * An image on the server's disk.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageFile".
 */
export interface ImageFile {
filename: string
/**
 * Begins with CAPTURES_BASE_DIR as configured.
 */
path: string
/**
 * Bytes.
 */
size: number
mimetype: string
sha256: (string | null)
/**
 * Where the server gives the bytes over HTTP.
 */
url: string
/**
 * From -1 (reject) to 5; null where nobody rated it.
 */
rating: (number | null)
notes: (string | null)
/**
 * What single captures have in common that several cameras took in one moment.
 */
exposure_id: (string | null)
}
/**
 * How the frames shall come.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "StartLiveview".
 */
export interface StartLiveview {
camera_id?: (string | null)
encoding?: ("base64" | "binary")
/**
 * At most so many frames a second to this viewer.
 */
max_fps?: (number | null)
/**
 * Send the next frame only after READY; the newest one wins.
 */
paced?: boolean
/**
 * No frame is wider than this, in pixels: it has 640, 480, 320 or 240, or is whole where the camera's are no wider.
 */
max_width?: (number | null)
/**
 * Send smaller frames as long as whole ones take too long to this viewer; only with `paced`.
 */
adaptive?: boolean
}
/**
 * The stream that began.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "StartedLiveview".
 */
export interface StartedLiveview {
message: string
camera_id: string
/**
 * Stands in the header of this stream's binary frames.
 */
stream: number
}
/**
 * The last frame was drawn; the next one may come. It is answered only where it has a request_id.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Ready".
 */
export interface Ready {
camera_id?: (string | null)
/**
 * The frame that was drawn.
 */
seq?: (number | null)
}
/**
 * How the lens shall move: negative is nearer; 1, 2, 3 are small, middle and large steps.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "DriveFocus".
 */
export interface DriveFocus {
camera_id?: (string | null)
step: number
}
/**
 * Where the camera shall focus; wherever it likes if that is not said.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Autofocus".
 */
export interface Autofocus {
camera_id?: (string | null)
/**
 * Shares of the live view's width and height, from its upper left corner.
 */
point?: ([number, number] | null)
}
/**
 * Which cameras, and what releases them.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureAll".
 */
export interface CaptureAll {
/**
 * Open cameras; all of them where none is named.
 */
camera_ids?: ([string, ...(string)[]] | null)
/**
 * `line`: the lines of the rig file, in one step of the kernel. `software`: each camera's own connection, side by side. Where nothing is said, lines if they fire all of these cameras.
 */
trigger?: (("line" | "software") | null)
download?: boolean
}
/**
 * What several cameras gave of one exposure, also as partial result where some gave nothing.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureAllResult".
 */
export interface CaptureAllResult {
message: string
/**
 * What no other exposure is called.
 */
exposure_id: string
/**
 * What released the cameras.
 */
trigger: ("line" | "software")
/**
 * Between the first release and the last. Of lines how long the kernel took to set them, in the simulator when shutters opened; by software when the cameras were told. What a body needs then comes on top.
 */
skew_ms: number
/**
 * One for each camera, in the order in which they were named.
 */
frames: Frame[]
}
/**
 * What one camera gave of an exposure.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Frame".
 */
export interface Frame {
camera_id: string
/**
 * The JPEG, else the first file; null where nothing was downloaded.
 */
file_path: (string | null)
/**
 * Every file of the camera's picture.
 */
files: ImageFile[]
/**
 * Where the picture lies on the camera's card.
 */
camera_path: (string | null)
/**
 * When it was released; null without a picture.
 */
captured_at: (string | null)
/**
 * Why there is no picture.
 */
error: (string | null)
error_code: (string | null)
}
/**
 * How many exposures, how far apart, and what changes between them.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureSeries".
 */
export interface CaptureSeries {
camera_id?: (string | null)
/**
 * Rounds: exposures, or brackets where there is one.
 */
count?: number
/**
 * Seconds from the beginning of a round to the next; 0 is a burst.
 */
interval_s?: number
bracket?: (Bracket | null)
/**
 * Take each of these places in each round.
 */
focus?: (FocusPlaces | null)
/**
 * Take each of these exposures in each round: EV offsets from the one now, or settings by alias.
 */
exposure?: ([(number | {
[k: string]: string | number
}), ...((number | {
[k: string]: string | number
}))[]] | null)
}
/**
 * A config entry and the values that it has in turn; afterwards it has its old value again.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Bracket".
 */
export interface Bracket {
/**
 * A name, an alias or a full path, such as shutterspeed.
 */
config_name: string
/**
 * Values of the entry, in their order.
 * 
 * @minItems 2
 * @maxItems 99
 */
values: [string, string, ...(string)[]]
}
/**
 * Places of focus, counted from where the lens stands, to which it comes back in the end.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FocusPlaces".
 */
export interface FocusPlaces {
/**
 * So many places, one drive apart.
 */
count?: (number | null)
/**
 * Size of a drive, 1 to 3; negative towards near.
 */
step?: number
/**
 * Instead of `count`: places, in drives.
 */
values?: ([number, ...(number)[]] | null)
}
/**
 * What a series gave, also as partial result of one that failed.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SeriesResult".
 */
export interface SeriesResult {
message: string
job_id: string
/**
 * Exposures that were taken.
 */
image_count: number
/**
 * Every file of every exposure, in their order.
 */
files: ImageFile[]
warnings: string[]
}
/**
 * What people note about an image; only the given fields change.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "AnnotateImage".
 */
export interface AnnotateImage {
image_path: string
/**
 * From -1 (reject) to 5; 0 is no rating.
 */
rating?: (number | null)
/**
 * Of single captures; the empty text removes them.
 */
notes?: (string | null)
}
/**
 * An image's path, in any form that the server gave.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImagePath".
 */
export interface ImagePath {
image_path: string
}
/**
 * What was deleted, and how it is brought back.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Trashed".
 */
export interface Trashed {
message: string
/**
 * Every image of the exposure, the named one first; its sidecar goes along.
 */
filenames: string[]
}
/**
 * Templates of names; only the given ones count.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "NamingTemplates".
 */
export interface NamingTemplates {
/**
 * Name of a single capture, without its extension.
 */
capture?: (string | null)
/**
 * Name of an image set; it must hold {prefix}.
 */
set?: (string | null)
}
/**
 * The templates of names, and what they would give now.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Naming".
 */
export interface Naming {
capture: string
set: string
capture_example: string
set_example: string
placeholders: Placeholder[]
}
/**
 * A word that stands in braces in a template.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Placeholder".
 */
export interface Placeholder {
name: string
meaning: string
example: string
used_in: ("capture" | "set")[]
}
/**
 * Every light by name, on or off, in the rig file's order.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightStates".
 */
export interface LightStates {
states: {
[k: string]: boolean
}
/**
 * How bright each light is now, from 0 to 1, linear in light.
 */
levels: {
[k: string]: number
}
gpio_available: boolean
driver: string
message: (string | null)
lights: LightInfo[]
/**
 * Null where they were never calibrated.
 */
calibration: (RigCalibration | null)
}
/**
 * A light of the rig as the rig file describes it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightInfo".
 */
export interface LightInfo {
name: string
/**
 * BCM number or line offset.
 */
pin: (number | null)
/**
 * Whether the lamp is on while its line is low.
 */
active_low: boolean
state: boolean
/**
 * Whether it can be anything but off or at full power.
 */
dims: boolean
/**
 * How bright it is while it is on, also when nothing is said of the level.
 */
on_level: number
group: (string | null)
direction: ([number, number, number] | null)
/**
 * Millimetres from the object.
 */
position: ([number, number, number] | null)
/**
 * Overrides PHOTOMETRIC_CAPTURE_DELAY.
 */
settle_s: (number | null)
fault: (string | null)
/**
 * How strong it is against the others; their mean is 1.
 */
intensity: (number | null)
/**
 * When this was measured, not written by hand.
 */
calibrated_at: (string | null)
/**
 * The brightest that it may be.
 */
max_level: (number | null)
/**
 * It goes off after so long.
 */
max_on_s: (number | null)
/**
 * It stays off for at least so long.
 */
min_off_s: (number | null)
/**
 * Share of `duty_s` that it may be on at full power.
 */
duty: (number | null)
/**
 * Over how long `duty` counts; 60 where nothing is said.
 */
duty_s: (number | null)
/**
 * What it takes at full power.
 */
watts: (number | null)
/**
 * Its light is the lamp's signal to this power.
 */
gamma: (number | null)
/**
 * Instead of gamma: measured pairs of signal and light.
 */
curve: ([number, number][] | null)
/**
 * How much its light goes up and down: (most - least) / (most + least).
 */
flicker: (number | null)
/**
 * When its curve, `settle_s` and flicker were measured, not written by hand.
 */
measured_at: (string | null)
}
/**
 * When the rig's lights were calibrated last, by which set, and how exactly.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RigCalibration".
 */
export interface RigCalibration {
at: (string | null)
/**
 * The set whose mirror spheres told it.
 */
set_name: (string | null)
lights: (number | null)
/**
 * How far directions are off where a highlight is off by a pixel.
 */
mean_error_deg: (number | null)
largest_error_deg: (number | null)
/**
 * Largest angle between a direction and the one that it replaced.
 */
moved_deg: (number | null)
/**
 * Of the largest sphere, in pixels.
 */
sphere_radius: (number | null)
}
/**
 * A light and whether it shall be on.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetLightState".
 */
export interface SetLightState {
light_name: string
state: boolean
/**
 * How bright it becomes, linear in light; without it as bright as it was last, 1 at first.
 */
level?: (number | null)
}
/**
 * A light's new state.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightChange".
 */
export interface LightChange {
light_name: string
new_state: boolean
gpio_available: boolean
message: string
}
/**
 * Several lights at once; the others stay as they are unless `others_off`.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetLightStates".
 */
export interface SetLightStates {
states: {
[k: string]: boolean
}
/**
 * How bright those become that `states` names; the others as bright as they were last.
 */
levels?: {
[k: string]: number
}
others_off?: boolean
}
/**
 * All lights of the rig in their order; comments in the rig file are kept.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetRig".
 */
export interface SetRig {
lights: EditedLight[]
}
/**
 * A light as it shall stand in the rig file.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "EditedLight".
 */
export interface EditedLight {
name: string
pin?: (number | null)
active_low?: boolean
direction?: ([number, number, number] | null)
position?: ([number, number, number] | null)
settle_s?: (number | null)
group?: (string | null)
/**
 * Stays as it is where nothing is said.
 */
intensity?: (number | null)
/**
 * Stays as it is where nothing is said and the light stands where it stood.
 */
calibrated_at?: (string | null)
/**
 * Stays where nothing is said; 0 for no limit.
 */
max_level?: (number | null)
/**
 * Stays where nothing is said; 0 for no limit.
 */
max_on_s?: (number | null)
/**
 * Stays where nothing is said; 0 for no limit.
 */
min_off_s?: (number | null)
/**
 * Stays where nothing is said; 0 for no limit.
 */
duty?: (number | null)
/**
 * Stays where nothing is said; 0 for no limit.
 */
duty_s?: (number | null)
/**
 * Stays where nothing is said; 0 for no limit.
 */
watts?: (number | null)
/**
 * Its light is the lamp's signal to this power, 1 for linear. This and `curve` stay where neither is said.
 */
gamma?: (number | null)
/**
 * Instead of gamma: measured pairs of signal and light, from 0 to 1; empty for none.
 */
curve?: ([number, number][] | null)
/**
 * Stays as it is where nothing is said.
 */
flicker?: (number | null)
/**
 * Stays where nothing is said, and its law and `settle_s` are as they were.
 */
measured_at?: (string | null)
}
/**
 * A set with mirror spheres in it, and what shall be done with what they tell.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CalibrateLights".
 */
export interface CalibrateLights {
set_name: string
/**
 * Mirror spheres; found by themselves where none is named.
 */
spheres?: ([BallCircle]|[BallCircle, BallCircle]|[BallCircle, BallCircle, BallCircle]|[BallCircle, BallCircle, BallCircle, BallCircle]|[BallCircle, BallCircle, BallCircle, BallCircle, BallCircle]|[BallCircle, BallCircle, BallCircle, BallCircle, BallCircle, BallCircle]|[BallCircle, BallCircle, BallCircle, BallCircle, BallCircle, BallCircle, BallCircle]|[BallCircle, BallCircle, BallCircle, BallCircle, BallCircle, BallCircle, BallCircle, BallCircle] | null)
/**
 * A matte sphere, which tells how strong the lights are.
 */
matte?: (BallCircle | null)
/**
 * A set of a matte plane under the same lights, which tells that likewise.
 */
flat_set_name?: (string | null)
/**
 * Known places of all lamps of a dome, turned in any way: the sphere tells how.
 */
dome?: ([DomeLamp, DomeLamp, DomeLamp, ...(DomeLamp)[]] | null)
/**
 * Write it into the rig file and the set's manifest; this needs the right `settings` as well.
 */
apply?: boolean
}
/**
 * The outline of a ball in pixels: x right, y down, the centre of the first pixel 0,0.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "BallCircle".
 */
export interface BallCircle {
x: number
y: number
r: number
}
/**
 * Where a lamp of a dome is, by its drawing.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "DomeLamp".
 */
export interface DomeLamp {
light: string
/**
 * From the middle of the dome, in any unit.
 * 
 * @minItems 3
 * @maxItems 3
 */
place: [number, number, number]
}
/**
 * What a set tells of its lights.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightCalibration".
 */
export interface LightCalibration {
message: string
set_name: string
job_id: string
calibrated_at: string
width: number
height: number
spheres: FoundSphere[]
matte: (BallCircle | null)
lights: CalibratedLight[]
mean_error_deg: (number | null)
largest_error_deg: (number | null)
/**
 * Largest angle to a direction in the rig file; null without any.
 */
moved_deg: (number | null)
/**
 * Whether the rig file has it now.
 */
applied: boolean
warnings: string[]
}
/**
 * A mirror sphere, and how sure it is that it is one.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FoundSphere".
 */
export interface FoundSphere {
x: number
y: number
r: number
/**
 * Whether somebody named it.
 */
given: boolean
/**
 * From 0 to 1; below 0.3 look at it. Null where it was named.
 */
confidence: (number | null)
/**
 * Share of its outline that was seen.
 */
outline_coverage: (number | null)
/**
 * How far that is from a circle, in pixels.
 */
outline_rms: (number | null)
/**
 * Share of the images with a clear highlight on it.
 */
highlights_share: number
}
/**
 * What the spheres tell of a light.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CalibratedLight".
 */
export interface CalibratedLight {
filename: string
/**
 * Null in a set whose manifest does not name its lights.
 */
light: (string | null)
/**
 * Unit vector from the object; null where no highlight was sure.
 */
direction: ([number, number, number] | null)
/**
 * How far it is off where the highlight is off by a pixel.
 */
error_deg: (number | null)
/**
 * How much two spheres differ; null with one.
 */
spheres_apart_deg: (number | null)
/**
 * One for each sphere.
 */
highlights: (FoundHighlight | null)[]
/**
 * In image widths from the image's centre, of two spheres or more; null where they do not tell it.
 */
position: ([number, number, number] | null)
/**
 * In image widths.
 */
position_error: (number | null)
/**
 * In millimetres, where the set's scale is known.
 */
position_mm: ([number, number, number] | null)
/**
 * How strong it is against the others; their mean is 1.
 */
intensity: (number | null)
/**
 * Relative spread of the pixels that tell it.
 */
intensity_spread: (number | null)
/**
 * What the matte sphere's shading differs from the direction.
 */
matte_off_deg: (number | null)
/**
 * Angle to where a dome of known geometry has it.
 */
dome_off_deg: (number | null)
/**
 * Angle to the direction in the rig file.
 */
off_deg: (number | null)
/**
 * Null for a light that the rig file has not.
 */
former: (FormerLight | null)
}
/**
 * Where a lamp is mirrored, in pixels.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FoundHighlight".
 */
export interface FoundHighlight {
x: number
y: number
/**
 * How many times stronger it is than the next peak.
 */
clearness: number
}
/**
 * What the rig file said of a light before.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FormerLight".
 */
export interface FormerLight {
direction: ([number, number, number] | null)
position: ([number, number, number] | null)
intensity: (number | null)
calibrated_at: (string | null)
}
/**
 * Lights that are to be measured, one after the other, and what shall be done with what they tell.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "MeasureLights".
 */
export interface MeasureLights {
/**
 * All where none is named.
 */
lights?: ([string, ...(string)[]] | null)
camera_id?: (string | null)
/**
 * Steps of the curve of a light that dims; 0 or 1 for no curve.
 */
levels?: number
/**
 * Write it into the rig file; this needs the right `settings` as well.
 */
apply?: boolean
}
/**
 * What the live view tells of lamps.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightMeasurement".
 */
export interface LightMeasurement {
message: string
job_id: string
camera_id: string
measured_at: string
lights: MeasuredLight[]
/**
 * Whether the rig file has it now.
 */
applied: boolean
}
/**
 * What the live view tells of a lamp.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "MeasuredLight".
 */
export interface MeasuredLight {
light: string
/**
 * From its switch to the first frame from which it stays as bright, with the delay of the live view.
 */
settle_s: (number | null)
/**
 * The same where it goes off; null where it was not seen to go off.
 */
off_s: (number | null)
/**
 * Time between two frames: so exactly the times are known.
 */
frame_s: (number | null)
/**
 * How much it goes up and down while it is on: (most - least) / (most + least) of the frames.
 */
flicker: (number | null)
/**
 * Pairs of signal and light, from 0 to 1; null for a lamp that only switches.
 */
curve: ([number, number][] | null)
/**
 * Why it, or a part of it, was not measured.
 */
problem: (string | null)
}
/**
 * The lights in their order, and how the set is called.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CapturePhotometricSet".
 */
export interface CapturePhotometricSet {
/**
 * How bright lights of the sequence are, above 0 to 1; the others as bright as they were last.
 */
levels?: {
[k: string]: number
}
/**
 * Also take a frame with every light off.
 */
ambient?: boolean
/**
 * Take the whole sequence at each of these places.
 */
focus?: (FocusPlaces | null)
/**
 * Take each light with each of these: EV offsets from the exposure now, or settings by alias.
 */
exposure?: ([(number | {
[k: string]: string | number
}), ...((number | {
[k: string]: string | number
}))[]] | null)
/**
 * Default: photometric_set.
 */
set_name_prefix?: (string | null)
/**
 * Whether a failed step ends or pauses the job.
 */
on_failure?: ("fail" | "pause")
/**
 * How often a frame without its light, or like another one, is taken again by itself.
 */
retakes?: number
/**
 * What releases the cameras. line: the lines of the rig file, once for each exposure. burst: the release is held in continuous drive, and the next light goes on when the sync line says that the shutter has closed. software, also where nothing is said: each camera's own connection.
 */
trigger?: (("line" | "burst" | "software") | null)
/**
 * Find the exposure time with at most three test shots of a light: set one for all lights, light one for each. At most 0.1 % of a frame is clipped then.
 */
metering?: (("set" | "light") | null)
/**
 * Kept in the manifest.
 */
notes?: (string | null)
camera_id?: (string | null)
/**
 * What the object is listed under; that of the queue's current object where it is missing, none where it is empty.
 */
catalogue_number?: (string | null)
/**
 * Millimetres of the object per image pixel.
 */
scale_mm_per_pixel?: (number | null)
light_sequence: string[]
}
/**
 * What a sequence gave, also as partial result of one that failed.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "PhotometricSetResult".
 */
export interface PhotometricSetResult {
message: string
/**
 * Relative to CAPTURES_BASE_DIR.
 */
set_folder: string
image_count: number
/**
 * The JPEG of each light, else its first file; relative to CAPTURES_BASE_DIR.
 */
images_captured: string[]
job_id: string
warnings: string[]
/**
 * Frames of which checks found something.
 */
frames_to_check: FrameToCheck[]
}
/**
 * A frame of which checks found something.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FrameToCheck".
 */
export interface FrameToCheck {
/**
 * Its step; 0 is the ambient frame.
 */
index: number
light: (string | null)
/**
 * Relative to CAPTURES_BASE_DIR.
 */
image: (string | null)
findings: FrameFinding[]
}
/**
 * Something about a frame that should be looked at.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FrameFinding".
 */
export interface FrameFinding {
/**
 * light_missing, duplicate_frame, clipped, underexposed, ambient_strong, exposure_drift, moved, blurred, or not_checked of a frame that could not be read.
 */
code: string
/**
 * An error where the frame is of no use.
 */
severity: ("warning" | "error")
/**
 * What happened, and what to do.
 */
message: string
/**
 * The measure that it was found by.
 */
figure: (number | null)
/**
 * What the measure should not be beyond.
 */
limit: (number | null)
/**
 * Of both: share, ratio, correlation, levels (of 8 bits), pixels (of the image), degrees or stops.
 */
unit: (string | null)
}
/**
 * Axes, outermost first: one image for each combination of their values.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureSet".
 */
export interface CaptureSet {
/**
 * Default: photometric_set.
 */
set_name_prefix?: (string | null)
/**
 * Whether a failed step ends or pauses the job.
 */
on_failure?: ("fail" | "pause")
/**
 * How often a frame without its light, or like another one, is taken again by itself.
 */
retakes?: number
/**
 * What releases the cameras. line: the lines of the rig file, once for each exposure. burst: the release is held in continuous drive, and the next light goes on when the sync line says that the shutter has closed. software, also where nothing is said: each camera's own connection.
 */
trigger?: (("line" | "burst" | "software") | null)
/**
 * Find the exposure time with at most three test shots of a light: set one for all lights, light one for each. At most 0.1 % of a frame is clipped then.
 */
metering?: (("set" | "light") | null)
/**
 * Kept in the manifest.
 */
notes?: (string | null)
camera_id?: (string | null)
/**
 * What the object is listed under; that of the queue's current object where it is missing, none where it is empty.
 */
catalogue_number?: (string | null)
/**
 * Millimetres of the object per image pixel.
 */
scale_mm_per_pixel?: (number | null)
/**
 * @minItems 1
 * @maxItems 16
 */
axes: [AxisPlan]|[AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]
}
/**
 * One axis: its values, or how many there are and how far apart they lie.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "AxisPlan".
 */
export interface AxisPlan {
/**
 * light, exposure, focus, setting, time, repeat, camera, or one that a plug-in brings.
 */
axis: string
/**
 * light: names, null for a frame with every light off; exposure: EV offsets, or settings by alias, or exposure_s for seconds that the shutter is held open; focus: places, in drives from where the lens stands; setting: values of the entry; camera: ids.
 */
values?: ([JsonValue, ...(JsonValue)[]] | null)
/**
 * Instead of values for focus, time and repeat: so many of them.
 */
count?: (number | null)
/**
 * focus: size of a drive, 1 to 3, negative towards near; time: seconds from start to start.
 */
step?: (number | null)
/**
 * setting: the config entry.
 */
name?: (string | null)
/**
 * light: how bright, above 0 to 1; the others as bright as they were last.
 */
levels?: {
[k: string]: number
}
/**
 * What an axis of a plug-in needs to know.
 */
options?: {
[k: string]: JsonValue
}
}
/**
 * Frames of a set that are to be taken again; those with an error where neither lights nor steps are named.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RetakeFrames".
 */
export interface RetakeFrames {
set_name: string
/**
 * Every frame under one of these lights.
 */
lights?: ([string, ...(string)[]] | null)
/**
 * Step indexes, as in the manifest.
 */
steps?: ([number, ...(number)[]] | null)
}
/**
 * Long work that belongs to the rig and not to the connection that began it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Job".
 */
export interface Job {
job_id: string
kind: ("photometric_set" | "series" | "computation" | "measurement")
state: JobState
/**
 * Null for a computation, which needs no camera.
 */
camera_id: (string | null)
/**
 * Null for a series, whose images are single captures.
 */
set_name: (string | null)
/**
 * Relative to CAPTURES_BASE_DIR.
 */
set_folder: (string | null)
/**
 * Steps done or under way, ambient frame not counted.
 */
index: number
total: number
current_light: (string | null)
steps: JobStep[]
/**
 * The share of a computation that is done, from 0 to 1. Null where steps are counted.
 */
progress: (number | null)
/**
 * What a computation does now, in words.
 */
activity: (string | null)
started_at: string
finished_at: (string | null)
seconds_left: (number | null)
error: (string | null)
error_code: (string | null)
hint: (string | null)
}
/**
 * One step of a job: one exposure, with its light in a photometric set; a computation has one.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "JobStep".
 */
export interface JobStep {
/**
 * From 1; 0 is the ambient frame.
 */
index: number
light: (string | null)
/**
 * What a bracket sets its config entry to for this step.
 */
value: (string | null)
/**
 * Where one step of a job stands.
 */
state: ("pending" | "running" | "done" | "failed" | "skipped")
/**
 * Paths below CAPTURES_BASE_DIR.
 */
files: string[]
error: (string | null)
error_code: (string | null)
/**
 * What is suspect about the image, such as a drifted exposure.
 */
warning: (string | null)
/**
 * What test shots found for its light.
 */
shutterspeed: (string | null)
/**
 * The same by codes, as far as checks found it.
 */
findings: FrameFinding[]
/**
 * Whether it is taken again when the other steps are done.
 */
again: boolean
}
/**
 * The name of an image set.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetName".
 */
export interface SetName {
set_name: string
}
/**
 * An image set with its manifest.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetDetails".
 */
export interface SetDetails {
set: ImageSet
images: ImageFile[]
/**
 * Null where there is none, or none that can be read (`set.fault`).
 */
manifest: (Manifest | null)
/**
 * Results that do not fit any more, by what the manifest says.
 */
stale: StaleResult[]
}
/**
 * An image set in a list.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageSet".
 */
export interface ImageSet {
name: string
created_at: (string | null)
/**
 * From the manifest; null for a folder without one.
 */
status: (JobState | null)
image_count: number
/**
 * Bytes of all images.
 */
size: number
camera: (string | null)
/**
 * Path of the image that stands for the set.
 */
cover: (string | null)
rating: (number | null)
catalogue_number: (string | null)
/**
 * Kinds of what was made of it, such as surface.
 */
results: string[]
/**
 * Whether some of that was made of images that are others now.
 */
stale: boolean
/**
 * Why the set is not shown whole, such as a manifest that cannot be read.
 */
fault: (string | null)
}
/**
 * All that is known of an image set besides its images; the folder's name is the set's name.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Manifest".
 */
export interface Manifest {
schema_version: number
software: Software
/**
 * None for a set that was not captured here.
 */
status: (JobState | string | null)
job_id: (string | null)
started_at: (string | null)
finished_at: (string | null)
error: (string | null)
error_code: (string | null)
camera: (CameraRecord | null)
plan: (Plan | null)
steps: StepRecord[]
/**
 * By axis.
 */
places: {
[k: string]: PlaceRecord
}
/**
 * What was made of the images.
 */
results: ResultRecord[]
/**
 * Where else the set was brought to.
 */
copies: CopyRecord[]
warnings: string[]
notes: (string | null)
rating: (number | null)
/**
 * By filename, from -1 (reject) to 5.
 */
ratings: {
[k: string]: number
}
/**
 * What the object is listed under.
 */
catalogue_number: (string | null)
/**
 * Millimetres of the object per image pixel.
 */
scale_mm_per_pixel: (number | null)
/**
 * The camera's whole config at the start.
 */
config: ConfigRecord[]
[k: string]: unknown
}
/**
 * The program that wrote the manifest.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Software".
 */
export interface Software {
name: string
version: string
[k: string]: unknown
}
/**
 * The camera that took the images.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraRecord".
 */
export interface CameraRecord {
model: string
camera_id: string
serial: (string | null)
port: (string | null)
lens: (string | null)
[k: string]: unknown
}
/**
 * What was asked for: a step for each combination of the axes' values, the last axis changing fastest.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Plan".
 */
export interface Plan {
/**
 * Outermost first.
 */
axes: AxisRecord[]
lights: PlannedLight[]
ambient: boolean
/**
 * Of lights that have no settle time of their own.
 */
settle_s: (number | null)
on_failure: (("fail" | "pause") | string)
/**
 * How often a frame without its light is taken again by itself.
 */
retakes: number
/**
 * What releases the cameras; null is software.
 */
trigger: (("line" | "burst" | "software") | string | null)
/**
 * For what test shots find the exposure.
 */
metering: (("set" | "light") | string | null)
/**
 * What they found, by light.
 */
metered: MeteredRecord[]
/**
 * Values by alias that every frame shall have.
 */
exposure: {
[k: string]: unknown
}
[k: string]: unknown
}
/**
 * One axis of a plan: its name and its values, of which each step has one.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "AxisRecord".
 */
export interface AxisRecord {
/**
 * light, exposure, focus, setting, time, repeat, camera, or one of a plug-in.
 */
axis: string
values: JsonValue[]
/**
 * What else the axis needs to know.
 */
options: {
[k: string]: JsonValue
}
[k: string]: unknown
}
/**
 * A light of the plan as the rig knew it at the start.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "PlannedLight".
 */
export interface PlannedLight {
name: string
direction: ([number, number, number] | null)
/**
 * Millimetres from the object.
 */
position: ([number, number, number] | null)
settle_s: (number | null)
/**
 * How bright it is in each frame, from 0 to 1; null is 1.
 */
level: (number | null)
pin: (number | null)
/**
 * How strong it is against the others; their mean is 1.
 */
intensity: (number | null)
/**
 * When direction and intensity were measured.
 */
calibrated_at: (string | null)
[k: string]: unknown
}
/**
 * The exposure time that test shots found for a light.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "MeteredRecord".
 */
export interface MeteredRecord {
light: string
/**
 * As the camera writes it; the ambient frame has the longest of them.
 */
shutterspeed: string
seconds: number
/**
 * Share of clipped pixels of a test shot with it.
 */
clipped: (number | null)
/**
 * Test shots that were taken.
 */
shots: number
[k: string]: unknown
}
/**
 * One step: one exposure, all its files, at one value of each axis.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "StepRecord".
 */
export interface StepRecord {
/**
 * From 1, in the order of the plan; 0 where it begins with the ambient frame.
 */
index: number
light: (string | null)
/**
 * The step's value of each axis.
 */
at: {
[k: string]: JsonValue
}
state: (StepState | string)
direction: ([number, number, number] | null)
position: ([number, number, number] | null)
intensity: (number | null)
/**
 * How bright its light was switched, from 0 to 1; null is 1.
 */
level: (number | null)
settle_s: (number | null)
on_at: (string | null)
off_at: (string | null)
captured_at: (string | null)
/**
 * What released it; null is software.
 */
trigger: (("line" | "burst" | "software") | string | null)
/**
 * What the frames have in common that one press of trigger lines gave; null without.
 */
exposure_id: (string | null)
/**
 * Shutter, aperture, ISO and more, by alias.
 */
exposure: {
[k: string]: unknown
}
files: FileRecord[]
attempts: number
warnings: string[]
/**
 * What checks of the frame found, by codes.
 */
findings: FindingRecord[]
/**
 * Earlier frames of the step, oldest first.
 */
replaced: ReplacedRecord[]
error: (string | null)
error_code: (string | null)
[k: string]: unknown
}
/**
 * A file of an exposure as it was when it reached the disk.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FileRecord".
 */
export interface FileRecord {
filename: string
size: number
sha256: string
mimetype: string
/**
 * What the camera called it.
 */
camera_name: (string | null)
[k: string]: unknown
}
/**
 * Something about a frame that should be looked at; its sentence is among the step's warnings, too.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FindingRecord".
 */
export interface FindingRecord {
code: string
severity: (("warning" | "error") | string)
message: string
/**
 * The measure that it was found by.
 */
figure: (number | null)
/**
 * What the measure should not be beyond.
 */
limit: (number | null)
/**
 * Of both: share, ratio, correlation, levels (of 8 bits), pixels (of the image), degrees or stops.
 */
unit: (string | null)
[k: string]: unknown
}
/**
 * A frame in whose place another one was taken.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ReplacedRecord".
 */
export interface ReplacedRecord {
files: FileRecord[]
captured_at: (string | null)
/**
 * What was wrong with it.
 */
findings: FindingRecord[]
[k: string]: unknown
}
/**
 * Where something stands that can only be moved by steps, such as the focus; written before each move.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "PlaceRecord".
 */
export interface PlaceRecord {
/**
 * In steps from where the plan found it.
 */
at: number
/**
 * Where it was on its way to; null after it arrived.
 */
towards: (number | null)
/**
 * Why the place is not sure any more: a warning of each step.
 */
doubt: (string | null)
[k: string]: unknown
}
/**
 * Something that was made of the images.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ResultRecord".
 */
export interface ResultRecord {
/**
 * surface, preview, relight, merged, export, or one of a newer version.
 */
kind: string
/**
 * Where its files lie, relative to the set's folder.
 */
folder: string
made_at: (string | null)
software: (Software | null)
method: (string | null)
/**
 * Why this method, in words.
 */
why: (string | null)
/**
 * Numbers that tell how good it is.
 */
figures: {
[k: string]: number
}
files: ResultFile[]
warnings: string[]
/**
 * The same by codes.
 */
findings: ResultFinding[]
/**
 * Sha256 of each image that it was made of, by filename.
 */
inputs: {
[k: string]: string
}
/**
 * What was chosen, and what was found.
 */
parameters: {
[k: string]: JsonValue
}
/**
 * Of the programs that had a part in it.
 */
versions: {
[k: string]: string
}
/**
 * The scale of the set as it was made with.
 */
scale_mm_per_pixel: (number | null)
[k: string]: unknown
}
/**
 * A file of a result as it was when it was made.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ResultFile".
 */
export interface ResultFile {
/**
 * Relative to the set's folder.
 */
filename: string
size: number
[k: string]: unknown
}
/**
 * Something about a result, or about an image of it, that should be looked at; its sentence is a warning, too.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ResultFinding".
 */
export interface ResultFinding {
/**
 * image_black, image_white, clipped, ambient_strong, rig_moved, response_estimated, response_bent, or note.
 */
code: string
message: string
/**
 * The image that it is about.
 */
filename: (string | null)
light: (string | null)
/**
 * The measure that it was found by.
 */
figure: (number | null)
/**
 * What the measure should not be beyond.
 */
limit: (number | null)
/**
 * Of both: share, ratio, correlation, levels (of 8 bits), pixels (of the image), degrees or stops.
 */
unit: (string | null)
[k: string]: unknown
}
/**
 * A place that the set was brought to; what it holds comes with what brings it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CopyRecord".
 */
export interface CopyRecord {
[k: string]: unknown
}
/**
 * One setting of the camera as it was at the start.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ConfigRecord".
 */
export interface ConfigRecord {
name: string
path: string
value: (string | boolean | number | null)
label: (string | null)
alias: (string | null)
[k: string]: unknown
}
/**
 * A result that does not fit to its set any more, and why.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "StaleResult".
 */
export interface StaleResult {
kind: string
folder: string
/**
 * images: some were taken again; scale: the millimetres per pixel are others; lights: they were calibrated in this set afterwards.
 */
reason: ("images" | "scale" | "lights")
/**
 * The images that it was made of and that are others.
 */
changed: string[]
/**
 * What happened, and what to do.
 */
message: string
}
/**
 * Which files of a set are wanted.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetFiles".
 */
export interface SetFiles {
set_name: string
/**
 * jpeg and raw: only such images, with manifest and light directions.
 */
files?: ("all" | "jpeg" | "raw")
}
/**
 * A file that belongs to a set: an image, the manifest, the light directions or a result.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetFile".
 */
export interface SetFile {
/**
 * Inside the set's folder, with '/' where it lies deeper.
 */
filename: string
/**
 * Bytes.
 */
size: number
mimetype: string
/**
 * Null for an image that the manifest does not know, and for large files.
 */
sha256: (string | null)
/**
 * Where the server gives the bytes over HTTP.
 */
url: string
}
/**
 * A set's name now, and the name that it shall have.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RenameSet".
 */
export interface RenameSet {
set_name: string
new_name: string
}
/**
 * What people note about a set; only the given fields change.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "AnnotateSet".
 */
export interface AnnotateSet {
set_name: string
notes?: (string | null)
rating?: (number | null)
/**
 * The empty text removes it.
 */
catalogue_number?: (string | null)
/**
 * 0 removes it.
 */
scale_mm_per_pixel?: (number | null)
/**
 * Ratings from -1 (reject) to 5 by filename.
 */
ratings?: ({
[k: string]: number
} | null)
}
/**
 * How large a pixel is: said, or by two points whose distance is known.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetScale".
 */
export interface SetScale {
set_name: string
mm_per_pixel?: (number | null)
/**
 * Two places in pixels of the whole images.
 */
points?: ([[number, number], [number, number]] | null)
/**
 * How far they are from each other.
 */
length_mm?: (number | null)
}
/**
 * The scale of a set as it is now.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ScaleSet".
 */
export interface ScaleSet {
message: string
scale_mm_per_pixel: number
}
/**
 * An image's bytes in text.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageData".
 */
export interface ImageData {
filename: string
image_b64: string
mimetype: string
}
/**
 * Which sets are wanted, in what order, and how many at a time; all, newest first, where nothing is said.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ListSets".
 */
export interface ListSets {
/**
 * Makes the result a page of at most so many sets.
 */
limit?: (number | null)
/**
 * Of the page before, for the next one with the same fields.
 */
cursor?: (string | null)
/**
 * Words that all stand in name, camera or catalogue number.
 */
search?: (string | null)
/**
 * By beginning, name, size (largest first) or rating (best first).
 */
order?: ("newest" | "oldest" | "name" | "size" | "rating")
/**
 * Only sets that are complete (also those without a manifest), or only others.
 */
complete?: (boolean | null)
/**
 * No rating counts as 0.
 */
min_rating?: (number | null)
/**
 * 0 gives the sets that nobody rated.
 */
max_rating?: (number | null)
/**
 * Only sets that began on this day, by the server's clock.
 */
day?: (string | null)
/**
 * Only sets of this object, as LIST_SET_FACETS names it.
 */
object?: (string | null)
/**
 * Only sets taken with such a camera.
 */
camera?: (string | null)
}
/**
 * Some of the image sets, and how to get the next ones.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageSetPage".
 */
export interface ImageSetPage {
sets: ImageSet[]
/**
 * Sets on all pages together.
 */
total: number
/**
 * Gives the next page; null where this is the last one.
 */
cursor: (string | null)
/**
 * Number of the last event of the topic `sets` that is in it for sure.
 */
seq: number
}
/**
 * What the sets that match have in common; the most recent 1000 days, and the 1000 most frequent of the others.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetFacets".
 */
export interface SetFacets {
/**
 * YYYY-MM-DD by the server's clock, newest first.
 */
days: FacetValue[]
/**
 * Catalogue numbers; else names without the time at their end.
 */
objects: FacetValue[]
cameras: FacetValue[]
complete: number
partial: number
}
/**
 * A value that sets have in common.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FacetValue".
 */
export interface FacetValue {
value: string
/**
 * Sets that have it.
 */
count: number
}
/**
 * How many of the newest single captures are wanted.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ListCaptures".
 */
export interface ListCaptures {
limit?: number
}
/**
 * A set, and how its surface is computed.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ReconstructSet".
 */
export interface ReconstructSet {
set_name: string
/**
 * How normals are found; `auto` chooses and says why.
 */
method?: ("auto" | "least-squares" | "lit-huber" | "l1" | "lit-l1" | "lit-cauchy" | "windows" | "lit-cauchy-curve" | "windows-curve")
/**
 * How the values of the images were coded.
 */
response?: ("auto" | "srgb" | "linear")
/**
 * Take the lights' positions instead of their directions.
 */
near?: boolean
/**
 * Which images of a step are taken.
 */
files?: ("jpeg" | "raw")
/**
 * Lights that are left out, by their names or by those of their images.
 * 
 * @maxItems 1000
 */
exclude?: string[]
/**
 * A set of a matte white plane under the same lights: it takes their strength and fall-off away.
 */
flat_set_name?: (string | null)
/**
 * Make a small and quick version, beside the whole one.
 */
preview?: boolean
}
/**
 * The surface of a set as it lies in the set's folder.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Reconstructed".
 */
export interface Reconstructed {
message: string
set_name: string
job_id: string
result: ResultRecord
}
/**
 * A set, and in which form it can be lit anew.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RelightSet".
 */
export interface RelightSet {
set_name: string
/**
 * ptm: a polynomial for each colour; lptm: one for the luminance; hsh: harmonics; rbf: principal components between the lights. `auto` takes what predicts left-out lights best.
 */
basis?: ("auto" | "ptm" | "lptm" | "hsh" | "rbf")
/**
 * Of rbf; the others have as many as they have.
 */
planes?: number
/**
 * Which images of a step are taken.
 */
files?: ("jpeg" | "raw")
/**
 * Also write relight.ptm, which older viewers read.
 */
ptm?: boolean
}
/**
 * What was made of a set, as it lies in the set's folder.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "MadeResult".
 */
export interface MadeResult {
message: string
set_name: string
job_id: string
result: ResultRecord
}
/**
 * A set with several images of each light: by its focus, exposure, ISO or repeat axis.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "MergeFocus".
 */
export interface MergeFocus {
set_name: string
/**
 * Which images of a step are taken.
 */
files?: ("jpeg" | "raw")
}
/**
 * A set, and for which tool it is wanted.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ExportSet".
 */
export interface ExportSet {
set_name: string
/**
 * textures: maps of the surface with both conventions of normals, and OpenEXR; lp, relightlab: images with a light file; meshroom: SfMData; lino: the folder of universal methods; colmap: a text model; iiif: a Presentation 3 manifest with tiles; bagit: a bag.
 */
to: ("textures" | "lp" | "relightlab" | "meshroom" | "lino" | "colmap" | "iiif" | "bagit")
/**
 * Where the folder of iiif is going to be served; its addresses begin so.
 */
base_url?: (string | null)
}
/**
 * An export of a set, and where it comes as a zip.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Exported".
 */
export interface Exported {
message: string
set_name: string
job_id: string
result: ResultRecord
/**
 * Gives the zip over HTTP.
 */
url: string
}
/**
 * Every recipe by name, and what stands between them that is none.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RecipeList".
 */
export interface RecipeList {
recipes: Recipe[]
faults: RecipeFault[]
}
/**
 * Settings of the camera, and what a set is made of; each may be missing. Settings alone are a preset.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Recipe".
 */
export interface Recipe {
/**
 * How bright lights of the sequence are, above 0 to 1; the others as bright as they were last.
 */
levels?: {
[k: string]: number
}
/**
 * Also take a frame with every light off.
 */
ambient?: boolean
/**
 * Take the whole sequence at each of these places.
 */
focus?: (FocusPlaces | null)
/**
 * Take each light with each of these: EV offsets from the exposure now, or settings by alias.
 */
exposure?: ([(number | {
[k: string]: string | number
}), ...((number | {
[k: string]: string | number
}))[]] | null)
/**
 * Default: photometric_set.
 */
set_name_prefix?: (string | null)
/**
 * Whether a failed step ends or pauses the job.
 */
on_failure?: ("fail" | "pause")
/**
 * How often a frame without its light, or like another one, is taken again by itself.
 */
retakes?: number
/**
 * What releases the cameras. line: the lines of the rig file, once for each exposure. burst: the release is held in continuous drive, and the next light goes on when the sync line says that the shutter has closed. software, also where nothing is said: each camera's own connection.
 */
trigger?: (("line" | "burst" | "software") | null)
/**
 * Find the exposure time with at most three test shots of a light: set one for all lights, light one for each. At most 0.1 % of a frame is clipped then.
 */
metering?: (("set" | "light") | null)
/**
 * Kept in the manifest.
 */
notes?: (string | null)
/**
 * What people call it, such as Coins, f/8.
 */
name: string
/**
 * The only camera that it is for; any where nothing is said.
 */
camera_model?: (string | null)
/**
 * Values of config entries by alias, name or path, which are set in this order; others stay.
 */
settings?: {
[k: string]: string | boolean | number
}
/**
 * The lights of the set in their order.
 */
light_sequence?: ([string, ...(string)[]] | null)
/**
 * Instead of light_sequence and what belongs to it: axes as of CAPTURE_SET.
 */
axes?: ([AxisPlan]|[AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan]|[AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan, AxisPlan] | null)
}
/**
 * A file beside the recipes that cannot be used.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RecipeFault".
 */
export interface RecipeFault {
file: string
message: string
}
/**
 * A recipe that shall be kept.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SaveRecipe".
 */
export interface SaveRecipe {
recipe: Recipe
/**
 * Also where there is one of that name, which is gone then.
 */
replace?: boolean
}
/**
 * A recipe by its name.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RecipeNamed".
 */
export interface RecipeNamed {
/**
 * Its name; upper and lower case are the same.
 */
recipe: string
}
/**
 * A recipe, and the camera that shall be set by it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ApplyRecipe".
 */
export interface ApplyRecipe {
camera_id?: (string | null)
/**
 * Its name, or enough of its beginning; upper and lower case are the same.
 */
recipe: string
}
/**
 * What a recipe has changed.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "AppliedRecipe".
 */
export interface AppliedRecipe {
message: string
/**
 * The config entries that have another value than before.
 */
entries: ConfigEntry[]
}
/**
 * A recipe, and what is known of the object; what is said here counts instead of what the recipe says.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CaptureRecipe".
 */
export interface CaptureRecipe {
camera_id?: (string | null)
/**
 * Its name, or enough of its beginning; upper and lower case are the same.
 */
recipe: string
set_name_prefix?: (string | null)
notes?: (string | null)
/**
 * What the object is listed under; where it is missing or empty, as of CAPTURE_SET.
 */
catalogue_number?: (string | null)
/**
 * Millimetres of the object per image pixel.
 */
scale_mm_per_pixel?: (number | null)
}
/**
 * Where the queue stands, and every object in its order.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ObjectList".
 */
export interface ObjectList {
/**
 * The object before the camera; sets get its catalogue number.
 */
current: (QueuedObject | null)
/**
 * Which one NEXT_OBJECT makes the current one.
 */
following: (QueuedObject | null)
/**
 * Objects that are neither done nor skipped, the current one among them.
 */
waiting: number
done: number
skipped: number
objects: QueuedObject[]
}
/**
 * An object of the queue.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "QueuedObject".
 */
export interface QueuedObject {
/**
 * What it is listed under; no two objects have the same.
 */
catalogue_number: string
/**
 * What people call it.
 */
name: (string | null)
state: ("waiting" | "done" | "skipped")
}
/**
 * A list of objects as text.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImportObjects".
 */
export interface ImportObjects {
/**
 * CSV with or without a header, or one object in a line; the separator is found. A longer list goes over HTTP (POST /objects/list).
 */
text: string
/**
 * Tell what would be, and change nothing.
 */
dry_run?: boolean
}
/**
 * What a list gave.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImportedObjects".
 */
export interface ImportedObjects {
/**
 * The object before the camera; sets get its catalogue number.
 */
current: (QueuedObject | null)
/**
 * Which one NEXT_OBJECT makes the current one.
 */
following: (QueuedObject | null)
/**
 * Objects that are neither done nor skipped, the current one among them.
 */
waiting: number
done: number
skipped: number
message: string
/**
 * New objects in their order, at most 100.
 */
added: QueuedObject[]
added_count: number
/**
 * Lines that gave no new object, at most 100.
 */
faults: ObjectFault[]
fault_count: number
}
/**
 * A line of a list that is no new object.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ObjectFault".
 */
export interface ObjectFault {
/**
 * Counted from 1.
 */
line: number
/**
 * How it begins.
 */
text: string
message: string
}
/**
 * The object that is before the camera now.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SelectObject".
 */
export interface SelectObject {
/**
 * None of them where it is missing.
 */
catalogue_number?: (string | null)
name?: (string | null)
/**
 * Where it is not in the queue, add it behind the current one.
 */
add?: boolean
}
/**
 * Where the queue stands.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ObjectStanding".
 */
export interface ObjectStanding {
/**
 * The object before the camera; sets get its catalogue number.
 */
current: (QueuedObject | null)
/**
 * Which one NEXT_OBJECT makes the current one.
 */
following: (QueuedObject | null)
/**
 * Objects that are neither done nor skipped, the current one among them.
 */
waiting: number
done: number
skipped: number
}
/**
 * What becomes of the current object.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "NextObject".
 */
export interface NextObject {
state?: ("done" | "skipped")
/**
 * The object that is left; where another one is current by now, nothing happens.
 */
catalogue_number?: (string | null)
}
/**
 * Objects that are done, skipped, or waiting again.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetObjectState".
 */
export interface SetObjectState {
/**
 * @minItems 1
 * @maxItems 5000
 */
catalogue_numbers: [string, ...(string)[]]
state: ("waiting" | "done" | "skipped")
}
/**
 * An object, and where in the queue it is to stand.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "MoveObject".
 */
export interface MoveObject {
catalogue_number: string
/**
 * At the end where it is missing.
 */
before?: (string | null)
}
/**
 * Objects that are to leave the queue; what was captured of them stays.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "DeleteObjects".
 */
export interface DeleteObjects {
/**
 * All of them where it is missing.
 */
catalogue_numbers?: (string[] | null)
/**
 * Only those of this state.
 */
state?: (("waiting" | "done" | "skipped") | null)
}
/**
 * What left the queue.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "DeletedObjects".
 */
export interface DeletedObjects {
/**
 * The object before the camera; sets get its catalogue number.
 */
current: (QueuedObject | null)
/**
 * Which one NEXT_OBJECT makes the current one.
 */
following: (QueuedObject | null)
/**
 * Objects that are neither done nor skipped, the current one among them.
 */
waiting: number
done: number
skipped: number
message: string
removed: number
}
/**
 * What was read in one picture of the live view.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FoundCodes".
 */
export interface FoundCodes {
camera_id: string
/**
 * The largest one first; the same text comes once.
 */
codes: FoundCode[]
}
/**
 * A barcode or QR code that a camera sees.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "FoundCode".
 */
export interface FoundCode {
text: string
/**
 * Such as QRCode or Code128.
 */
format: string
/**
 * Whether an object of the queue has this catalogue number.
 */
known: boolean
/**
 * Its four corners in the picture: x from the left, y from the top, both from 0 to 1.
 */
corners: [number, number][]
}
/**
 * The day whose work is wanted.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ReportObjects".
 */
export interface ReportObjects {
/**
 * YYYY-MM-DD in the server's local time; today where it is missing.
 */
day?: (string | null)
}
/**
 * The work of one day, in the order in which it was begun.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ObjectReport".
 */
export interface ObjectReport {
day: string
objects: ObjectWork[]
frames: number
retakes: number
minutes: number
/**
 * Whether a part of the day's record could not be read or kept.
 */
incomplete: boolean
}
/**
 * What was done at one object in a day.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ObjectWork".
 */
export interface ObjectWork {
catalogue_number: string
name: (string | null)
/**
 * As the day left it.
 */
state: ("waiting" | "done" | "skipped")
sets: number
/**
 * Pictures, retakes not counted.
 */
frames: number
/**
 * Frames of sets that were taken again.
 */
retakes: number
/**
 * While it was the current one, and while its sets ran.
 */
minutes: number
began_at: string
ended_at: string
}
/**
 * Which part of the trash is wanted, and how much of it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ListTrash".
 */
export interface ListTrash {
/**
 * Only image sets, or only single captures.
 */
kind?: (("set" | "capture") | null)
/**
 * At most so many, those that were deleted last.
 */
limit?: number
}
/**
 * What lies in the trash, what was deleted last first.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "TrashList".
 */
export interface TrashList {
items: TrashItem[]
/**
 * How many there are, also beyond the limit.
 */
total: number
/**
 * Bytes of those that are told.
 */
size: number
}
/**
 * Something that was deleted and can be brought back.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "TrashItem".
 */
export interface TrashItem {
kind: ("set" | "capture")
/**
 * The name of the set, or the stem of the capture's files.
 */
name: string
deleted_at: string
/**
 * It goes for good some time after that, and earlier only where room is needed and it is a day old.
 */
stays_until: string
/**
 * Bytes.
 */
size: number
image_count: number
/**
 * Of a capture: what RESTORE_IMAGE takes.
 */
image_path: (string | null)
}
/**
 * Which part of the trash is meant; all of it where nothing is said.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "TrashContent".
 */
export interface TrashContent {
/**
 * Only image sets, or only single captures.
 */
kind?: (("set" | "capture") | null)
}
/**
 * What went for good.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "TrashEmptied".
 */
export interface TrashEmptied {
message: string
/**
 * Sets and captures.
 */
count: number
/**
 * Bytes.
 */
size: number
}
/**
 * A job by its id.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "JobId".
 */
export interface JobId {
job_id: string
}
/**
 * A job by its id, and what to believe of its lens.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ResumeJob".
 */
export interface ResumeJob {
job_id: string
/**
 * Where the place of the focus is unknown: here goes on as if the lens stood where the next step wants it, again takes every step again from where the lens stands.
 */
focus?: (("here" | "again") | null)
}
/**
 * Steps of a job, and what to believe of its lens.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RetrySteps".
 */
export interface RetrySteps {
job_id: string
/**
 * Step indexes, from 1; 0 is the ambient frame.
 */
steps?: (number[] | null)
/**
 * Where the place of the focus is unknown: here goes on as if the lens stood where the next step wants it, again takes every step again from where the lens stands.
 */
focus?: (("here" | "again") | null)
}
/**
 * A job, and which of its steps are meant; all failed ones where none is named.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "JobSteps".
 */
export interface JobSteps {
job_id: string
/**
 * Step indexes, from 1; 0 is the ambient frame.
 */
steps?: (number[] | null)
}
/**
 * What this server is and how it stands.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ServerInfo".
 */
export interface ServerInfo {
name: "tetherlight"
version: string
protocol: number
features: string[]
simulated: boolean
/**
 * Whether clients must show a token.
 */
token_needed: boolean
/**
 * What who asks is; null where its rights are no role's.
 */
role: (("viewer" | "operator" | "owner" | "metrics") | null)
/**
 * What who asks may do; servers that do not say it know one token, which opens all.
 */
rights: (("read" | "control" | "delete" | "settings" | "metrics")[] | null)
cameras: CameraStatus[]
/**
 * The selected camera's camera_id.
 */
selected: (string | null)
lights: LightsStatus
storage: Storage
jobs: Job[]
/**
 * Version of the library, once a camera is open.
 */
libgphoto2: (string | null)
sets_dir: string
started_at: string
}
/**
 * An open camera with what its body reports.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraStatus".
 */
export interface CameraStatus {
/**
 * What the camera calls itself.
 */
model: string
/**
 * Where libgphoto2 finds it, such as usb:001,006.
 */
port: string
/**
 * Stable while the camera is known, also across replugs.
 */
camera_id: string
serial: (string | null)
selected: boolean
open: boolean
/**
 * What a camera is doing, from detection to loss.
 */
state: ("closed" | "opening" | "ready" | "recovering" | "lost")
lens: (string | null)
battery_percent: (number | null)
shots_left: (number | null)
liveview_viewers: number
/**
 * Whether the body's live view is on, its mirror up and its sensor warm; in standby the next preview begins it again. Unsupported where the body cannot be told to end it.
 */
viewfinder: ("on" | "standby" | "unsupported")
/**
 * Previews per second that the camera delivers now.
 */
liveview_fps: (number | null)
/**
 * Why the camera is recovering or lost.
 */
cause: (string | null)
/**
 * What a person must do before a lost camera can come back; null where it does by itself.
 */
next: (string | null)
}
/**
 * All lights and how they are driven.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightsStatus".
 */
export interface LightsStatus {
driver: string
gpio_available: boolean
message: (string | null)
lights: LightInfo[]
}
/**
 * Room on the disk that holds the captures.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Storage".
 */
export interface Storage {
path: string
free_bytes: number
total_bytes: number
low: boolean
}
/**
 * The protocol as JSON Schema.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Description".
 */
export interface Description {
protocol: number
schema: {
[k: string]: unknown
}
}
/**
 * Which topics are wanted, instead of those before.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Subscribe".
 */
export interface Subscribe {
topics: ("camera" | "config" | "lights" | "job" | "sets" | "storage" | "recipes" | "objects")[]
/**
 * Of which of them the state is wanted as well; of all where it is not said.
 */
snapshots?: (("camera" | "config" | "lights" | "job" | "sets" | "storage" | "recipes" | "objects")[] | null)
}
/**
 * The topics of this connection.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Subscription".
 */
export interface Subscription {
topics: {
[k: string]: TopicSnapshot
}
}
/**
 * How a topic stands; the next event of it has the next sequence number.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "TopicSnapshot".
 */
export interface TopicSnapshot {
seq: number
/**
 * Null where it was not wanted; of `sets` the first page, newest first.
 */
snapshot: {
[k: string]: unknown
}
}
/**
 * The server's token.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Authenticate".
 */
export interface Authenticate {
token: string
}
/**
 * How much of the log is wanted.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "GetLog".
 */
export interface GetLog {
limit?: number
/**
 * The least important level that is wanted.
 */
level?: ("DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL")
}
/**
 * The newest lines of the log, oldest first.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LogTail".
 */
export interface LogTail {
lines: LogLine[]
}
/**
 * One line of the server's log.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LogLine".
 */
export interface LogLine {
time: string
level: ("DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL")
logger: string
/**
 * With the traceback, where there is one.
 */
message: string
}
/**
 * The other rigs on the network.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Neighbours".
 */
export interface Neighbours {
neighbours: Neighbour[]
}
/**
 * Another rig on the network, as it tells of itself.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Neighbour".
 */
export interface Neighbour {
/**
 * What no other rig is called.
 */
id: string
name: string
/**
 * Where its pages and its WebSocket are.
 */
url: string
/**
 * All addresses where it says that they are, IPv4 before IPv6.
 */
urls: string[]
protocol: (number | null)
version: (string | null)
}
/**
 * What the doctor found.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Diagnosis".
 */
export interface Diagnosis {
findings: Finding[]
}
/**
 * One finding of the doctor.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Finding".
 */
export interface Finding {
check: string
level: ("ok" | "warning" | "error" | "info")
message: string
/**
 * The command or the step that mends it.
 */
remedy: (string | null)
}
/**
 * Every event with its data.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Events".
 */
export interface Events {
/**
 * A step of a sequence began, failed or was reported.
 */
photometric_progress: {
data: PhotometricProgress
}
/**
 * An exposure of a series began, arrived or failed, or the next one waits.
 */
series_progress: {
data: SeriesProgress
}
/**
 * A frame of a live view; its fields stand at top level.
 */
liveview_frame: {
data: LiveviewFrame
}
/**
 * A live view ended without being asked to.
 */
stop_liveview: {
data: StreamEnd
}
/**
 * A stream of bare JPEGs ended without being asked to.
 */
get_preview: {
data: StreamEnd
}
/**
 * An open camera does not answer any more.
 */
camera_lost: {
data: CameraChange
}
/**
 * The server tries to get a camera back.
 */
camera_recovering: {
data: CameraChange
}
/**
 * A camera is back.
 */
camera_ready: {
data: CameraChange
}
/**
 * Cameras came, went, opened, closed or changed.
 */
cameras_changed: {
data: CameraInventory
}
/**
 * The button on a camera's body took a picture.
 */
image_captured: {
data: ImageCaptured
}
/**
 * Battery or card will soon be empty or full.
 */
camera_warning: {
data: CameraWarning
}
/**
 * Config entries changed, by a client or on the body.
 */
config_changed: {
data: ConfigChange
}
/**
 * Lights were switched or the rig file was edited.
 */
lights_changed: {
data: LightStates
}
/**
 * A light went off because of a limit that the rig file states.
 */
light_tripped: {
data: LightTrip
}
/**
 * A job started, went on or ended.
 */
job_changed: {
data: Job
}
/**
 * An image set is new, changed or gone.
 */
sets_changed: {
data: SetChange
}
/**
 * Single captures are new, changed or gone.
 */
captures_changed: {
data: CapturesChange
}
/**
 * Several cameras were released together, or a file of that came late.
 */
frames_changed: {
data: CaptureAllResult
}
/**
 * Something in the trash went for good.
 */
trash_removed: {
data: TrashRemoved
}
/**
 * A recipe is new, changed or gone.
 */
recipes_changed: {
data: RecipeChange
}
/**
 * The queue of objects has gone on, or objects came, went or moved.
 */
objects_changed: {
data: ObjectsChange
}
/**
 * Room on the disk changed noticeably.
 */
storage_changed: {
data: Storage
}
}
/**
 * How far a photometric sequence is.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "PhotometricProgress".
 */
export interface PhotometricProgress {
/**
 * processing_light_k_of_n before each lamp, captured_light_k_of_n with each image, error_processing_light_k after a failed step, paused when the job waits to be resumed; the ambient frame has processing_ambient and captured_ambient. Later, and only where it is so: suspect_light_k_of_n where checks found something (`findings`), retaking_light_k_of_n and retaken_light_k_of_n where the frame is taken again by itself. Before the first, where the exposure is to be found: metering_light_k_of_n, and metered_light_k_of_n with what was found (`shutterspeed`). A lamp that stays on for several images is processing once, and k counts these visits; a plan without lights has step in the place of light.
 */
status: string
current_light: (string | null)
set_folder: string
error_detail: (string | null)
job_id: string
index: number
total: number
/**
 * What should be looked at about the frame.
 */
findings: FrameFinding[]
/**
 * What test shots found for the light.
 */
shutterspeed: (string | null)
/**
 * Of the request that started the sequence.
 */
request_id: (string | number | null)
}
/**
 * How far a series of captures is.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SeriesProgress".
 */
export interface SeriesProgress {
/**
 * capturing before each exposure, captured with its files, failed with error_detail; waiting until the next round of an interval begins, paused until the job is resumed.
 */
status: ("capturing" | "captured" | "failed" | "waiting" | "paused")
job_id: string
/**
 * The exposure, from 1.
 */
index: number
total: number
/**
 * What a bracket has set its config entry to.
 */
value: (string | null)
/**
 * Every file of the exposure.
 */
files: ImageFile[]
/**
 * Seconds until the next round.
 */
next_in_s: (number | null)
seconds_left: (number | null)
error_detail: (string | null)
/**
 * Of the request that started the series.
 */
request_id: (string | number | null)
}
/**
 * A frame in text; its fields stand at top level of the message, as the first clients expect.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LiveviewFrame".
 */
export interface LiveviewFrame {
/**
 * The JPEG in Base64.
 */
frame: string
mimetype: "image/jpeg"
camera_id: string
seq: number
captured_at: string
}
/**
 * A live view that ended without being asked to.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "StreamEnd".
 */
export interface StreamEnd {
camera_id: string
/**
 * Whether it comes back by itself.
 */
resumes: boolean
}
/**
 * What happened to an open camera, why, and what comes next.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraChange".
 */
export interface CameraChange {
camera_id: string
model: string
port: string
cause: (string | null)
/**
 * What the server does now, or what a person should do.
 */
next: (string | null)
attempt: number
}
/**
 * The cameras that are there and those that are open.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraInventory".
 */
export interface CameraInventory {
cameras: CameraInfo[]
open: CameraStatus[]
}
/**
 * A picture that nobody asked for by a request: taken with the button on the body.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ImageCaptured".
 */
export interface ImageCaptured {
camera_id: string
file_path: string
files: ImageFile[]
}
/**
 * Something at the camera that will stop a set soon.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraWarning".
 */
export interface CameraWarning {
camera_id: string
kind: ("battery_low" | "card_low")
message: string
}
/**
 * Config entries that have new values or options.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ConfigChange".
 */
export interface ConfigChange {
camera_id: string
entries: ConfigEntry[]
}
/**
 * A light that the guard has switched off.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "LightTrip".
 */
export interface LightTrip {
light: string
/**
 * The key of the rig file that says so: max_on_s or duty.
 */
limit: string
message: string
}
/**
 * An image set that is new, changed or gone.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "SetChange".
 */
export interface SetChange {
set_name: string
change: ("created" | "updated" | "deleted" | "restored" | "renamed")
new_name: (string | null)
/**
 * The set as lists tell it now, under its new name; null where it is gone.
 */
set: (ImageSet | null)
}
/**
 * Single captures that are new, changed or gone.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CapturesChange".
 */
export interface CapturesChange {
change: ("created" | "updated" | "deleted" | "restored")
files: ImageFile[]
}
/**
 * Something in the trash that went for good and cannot be brought back.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "TrashRemoved".
 */
export interface TrashRemoved {
kind: ("set" | "capture")
name: string
deleted_at: string
/**
 * TRASH_DAYS are over; the disk had no room and it was a day old; or the trash was emptied.
 */
why: ("age" | "room" | "asked")
}
/**
 * A recipe that is new, changed or gone.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "RecipeChange".
 */
export interface RecipeChange {
name: string
change: ("created" | "updated" | "deleted")
/**
 * As it is now; null where it is gone.
 */
recipe: (Recipe | null)
}
/**
 * Where the queue stands now, and what has changed of it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ObjectsChange".
 */
export interface ObjectsChange {
/**
 * The object before the camera; sets get its catalogue number.
 */
current: (QueuedObject | null)
/**
 * Which one NEXT_OBJECT makes the current one.
 */
following: (QueuedObject | null)
/**
 * Objects that are neither done nor skipped, the current one among them.
 */
waiting: number
done: number
skipped: number
/**
 * Objects that have another state than before, at most 100.
 */
changed: QueuedObject[]
/**
 * Whether objects came, went or moved: LIST_OBJECTS tells the list as it is now.
 */
listed: boolean
}
/**
 * Every topic with its state.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Topics".
 */
export interface Topics {
/**
 * Which cameras are there, and what happens at them.
 */
camera: {
snapshot: CameraInventory
}
/**
 * How the open cameras are set.
 */
config: {
snapshot: CameraConfigs
}
/**
 * Which lights there are, and which are on.
 */
lights: {
snapshot: LightStates
}
/**
 * What runs, and how far it is.
 */
job: {
snapshot: JobList
}
/**
 * Image sets and single captures; the snapshot is the first page, newest first.
 */
sets: {
snapshot: ImageSetPage
}
/**
 * Room on the disk.
 */
storage: {
snapshot: Storage
}
/**
 * The recipes of the rig.
 */
recipes: {
snapshot: RecipeList
}
/**
 * Where the queue of objects stands; LIST_OBJECTS tells every object.
 */
objects: {
snapshot: ObjectStanding
}
}
/**
 * The config entries of each open camera by its camera_id.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "CameraConfigs".
 */
export interface CameraConfigs {
[k: string]: ConfigEntry[]
}
/**
 * A message from a client.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Request".
 */
export interface Request {
/**
 * A name from the table, in any case.
 */
action: string
payload?: ({
[k: string]: unknown
} | null)
/**
 * Comes back in the reply.
 */
request_id?: (string | number | null)
[k: string]: unknown
}
/**
 * The one final answer to a request.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "Reply".
 */
export interface Reply {
/**
 * As the request spelt it; `error` where it could not be read.
 */
action: string
success: boolean
/**
 * The result; after a failure what there is of it, or null.
 */
data: {
[k: string]: unknown
}
/**
 * A sentence for people.
 */
error: (string | null)
request_id: (string | number | null)
error_code?: ErrorCode
/**
 * What to do about it.
 */
hint?: string
/**
 * Whether the same request may succeed later.
 */
retryable?: boolean
error_details?: {
[k: string]: unknown
}
}
/**
 * An error as replies and pages carry it.
 * 
 * This interface was referenced by `TetherlightProtocol`'s JSON-Schema
 * via the `definition` "ErrorInfo".
 */
export interface ErrorInfo {
error: string
error_code: string
hint: (string | null)
retryable: boolean
error_details: ({
[k: string]: unknown
} | null)
}
/** The version of the protocol that these types describe. */
export const PROTOCOL_VERSION = 1;

/** How many seconds to wait for each action's reply; null where only the end of a job answers. */
export const ACTION_TIMEOUTS_S: Record<keyof Actions, number | null> = {
  "GET_CAMERAS": 30,
  "SELECT_CAMERA": 120,
  "DESELECT_CAMERA": 30,
  "GET_CONFIG": 30,
  "SET_CONFIG": 30,
  "CAPTURE_IMAGE": 180,
  "START_LIVEVIEW": 30,
  "STOP_LIVEVIEW": 30,
  "GET_PREVIEW": 30,
  "READY": 30,
  "DRIVE_FOCUS": 30,
  "AUTOFOCUS": 30,
  "CAPTURE_ALL": 180,
  "CAPTURE_SERIES": null,
  "ANNOTATE_IMAGE": 30,
  "DELETE_IMAGE": 30,
  "RESTORE_IMAGE": 30,
  "GET_NAMING": 30,
  "SET_NAMING": 30,
  "GET_LIGHT_STATES": 30,
  "SET_LIGHT_STATE": 30,
  "SET_LIGHT_STATES": 30,
  "SET_RIG": 30,
  "CALIBRATE_LIGHTS": null,
  "MEASURE_LIGHTS": null,
  "CAPTURE_PHOTOMETRIC_SET": null,
  "CAPTURE_SET": null,
  "RETAKE_FRAMES": 30,
  "GET_IMAGE_SET_CONTENTS": 30,
  "GET_IMAGE_SET": 30,
  "GET_IMAGE_SET_FILES": 30,
  "DELETE_IMAGE_SET": 30,
  "RESTORE_IMAGE_SET": 30,
  "RENAME_IMAGE_SET": 30,
  "ANNOTATE_IMAGE_SET": 30,
  "SET_SCALE": 30,
  "GET_IMAGE_DATA": 30,
  "LIST_IMAGE_SETS": 30,
  "LIST_SET_FACETS": 30,
  "LIST_CAPTURES": 30,
  "RECONSTRUCT_SET": null,
  "RELIGHT_SET": null,
  "MERGE_FOCUS": null,
  "EXPORT_SET": null,
  "LIST_RECIPES": 30,
  "SAVE_RECIPE": 30,
  "DELETE_RECIPE": 30,
  "APPLY_RECIPE": 120,
  "CAPTURE_RECIPE": null,
  "LIST_OBJECTS": 30,
  "IMPORT_OBJECTS": 30,
  "SELECT_OBJECT": 30,
  "NEXT_OBJECT": 30,
  "SET_OBJECT_STATE": 30,
  "MOVE_OBJECT": 30,
  "DELETE_OBJECTS": 30,
  "SCAN_CODE": 60,
  "REPORT_OBJECTS": 30,
  "LIST_TRASH": 30,
  "EMPTY_TRASH": null,
  "GET_JOBS": 30,
  "CANCEL_JOB": 180,
  "PAUSE_JOB": 180,
  "RESUME_JOB": 30,
  "RETRY_STEPS": 30,
  "SKIP_STEPS": 30,
  "GET_SERVER_INFO": 30,
  "DESCRIBE": 30,
  "SUBSCRIBE": 30,
  "AUTH": 30,
  "PING": 30,
  "GET_LOG": 30,
  "GET_NEIGHBOURS": 30,
  "DIAGNOSE": 30
};

/** Where things are over HTTP; what stands in braces is to be filled in. */
export const ROUTES = {
  "WEBSOCKET": "/ws",
  "HEALTH": "/health",
  "LOGIN_PAGE": "/login",
  "LOGIN": "/login",
  "LOGOUT": "/logout",
  "IMAGE": "/images/{path}",
  "THUMBNAIL": "/thumbnails/{path}",
  "EXIF": "/exif/{path}",
  "SET_ZIP": "/sets/{name}.zip",
  "SETS_ZIP": "/sets.zip",
  "SET_FILE": "/sets/{name}/{path}",
  "SET_EXPORT": "/exports/{name}/{to}.zip",
  "OBJECT_LIST": "/objects/list",
  "OBJECT_REPORT": "/objects/report.csv",
  "LIVEVIEW": "/cameras/{camera_id}/liveview.mjpg",
  "METRICS": "/metrics",
  "PAGES": "/{path}"
} as const;

/** What an image is by its extension: the kinds `jpeg` and `raw`, or another one. */
export const IMAGE_TYPES = {
  ".jpg": {
    "mimetype": "image/jpeg",
    "kind": "jpeg"
  },
  ".jpeg": {
    "mimetype": "image/jpeg",
    "kind": "jpeg"
  },
  ".png": {
    "mimetype": "image/png",
    "kind": "other"
  },
  ".tif": {
    "mimetype": "image/tiff",
    "kind": "other"
  },
  ".tiff": {
    "mimetype": "image/tiff",
    "kind": "other"
  },
  ".webp": {
    "mimetype": "image/webp",
    "kind": "other"
  },
  ".heic": {
    "mimetype": "image/heic",
    "kind": "other"
  },
  ".heif": {
    "mimetype": "image/heif",
    "kind": "other"
  },
  ".hif": {
    "mimetype": "image/heif",
    "kind": "other"
  },
  ".exr": {
    "mimetype": "image/x-exr",
    "kind": "other"
  },
  ".cr2": {
    "mimetype": "image/x-canon-cr2",
    "kind": "raw"
  },
  ".cr3": {
    "mimetype": "image/x-canon-cr3",
    "kind": "raw"
  },
  ".crw": {
    "mimetype": "image/x-canon-crw",
    "kind": "raw"
  },
  ".nef": {
    "mimetype": "image/x-nikon-nef",
    "kind": "raw"
  },
  ".nrw": {
    "mimetype": "image/x-nikon-nrw",
    "kind": "raw"
  },
  ".arw": {
    "mimetype": "image/x-sony-arw",
    "kind": "raw"
  },
  ".sr2": {
    "mimetype": "image/x-sony-sr2",
    "kind": "raw"
  },
  ".dng": {
    "mimetype": "image/x-adobe-dng",
    "kind": "raw"
  },
  ".raf": {
    "mimetype": "image/x-fuji-raf",
    "kind": "raw"
  },
  ".orf": {
    "mimetype": "image/x-olympus-orf",
    "kind": "raw"
  },
  ".rw2": {
    "mimetype": "image/x-panasonic-rw2",
    "kind": "raw"
  },
  ".pef": {
    "mimetype": "image/x-pentax-pef",
    "kind": "raw"
  },
  ".srw": {
    "mimetype": "image/x-samsung-srw",
    "kind": "raw"
  },
  ".x3f": {
    "mimetype": "image/x-sigma-x3f",
    "kind": "raw"
  },
  ".3fr": {
    "mimetype": "image/x-hasselblad-3fr",
    "kind": "raw"
  },
  ".iiq": {
    "mimetype": "image/x-phaseone-iiq",
    "kind": "raw"
  }
} as const;

/** Why a connection ended, and whether to connect again; other codes come from newer servers or from proxies. */
export const CLOSE_CODES = {
  "NORMAL": {
    "code": 1000,
    "sentence": "The connection was ended in good order.",
    "again": true
  },
  "GOING_AWAY": {
    "code": 1001,
    "sentence": "The server, or a proxy before it, goes away.",
    "again": true
  },
  "BAD_FRAME": {
    "code": 1002,
    "sentence": "What came was no WebSocket frame.",
    "again": true
  },
  "BROKEN": {
    "code": 1006,
    "sentence": "The server does not answer.",
    "again": true
  },
  "NO_TEXT": {
    "code": 1007,
    "sentence": "A message was no UTF-8 text.",
    "again": true
  },
  "TOO_LARGE": {
    "code": 1009,
    "sentence": "A message was larger than the server reads.",
    "again": true
  },
  "FAILED": {
    "code": 1011,
    "sentence": "The server could not go on, or the client answered none of its pings.",
    "again": true
  },
  "STOPPING": {
    "code": 1012,
    "sentence": "The server is stopping.",
    "again": true
  },
  "TOO_MANY": {
    "code": 1013,
    "sentence": "The server has as many connections as it takes.",
    "again": true
  },
  "UNAUTHORIZED": {
    "code": 4401,
    "sentence": "The server asks for its token.",
    "again": false
  },
  "FORBIDDEN": {
    "code": 4403,
    "sentence": "The server does not accept pages from this address.",
    "again": false
  },
  "TOO_SLOW": {
    "code": 4429,
    "sentence": "The client reads too slowly, or too many wrong tokens came from its address.",
    "again": true
  }
} as const;
