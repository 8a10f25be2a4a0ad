#ifndef TESTS_UNIT_EXAMPLES_H
#define TESTS_UNIT_EXAMPLES_H

/*
 * What the servers answer, byte for byte: Buddy firmware 6.3 and PrusaLink
 * 0.8.1 on a Raspberry Pi.
 */

static const char buddy_version[] =
    "{\"api\":\"2.0.0\",\"server\":\"2.1.2\",\"nozzle_diameter\":0.40,"
    "\"text\":\"PrusaLink\",\"hostname\":\"prusa-mk4\","
    "\"capabilities\":{\"upload-by-put\":true}}";

static const char pi_version[] =
    "{\"api\": \"2.0.0\", \"server\": \"0.8.1\", "
    "\"original\": \"PrusaLink I3MK3S\", \"text\": \"PrusaLink 0.8.1\", "
    "\"firmware\": \"3.14.0\", \"sdk\": \"0.8.1\", "
    "\"capabilities\": {\"upload-by-put\": true}, "
    "\"hostname\": \"prusalink\"}";

static const char buddy_info[] =
    "{\"nozzle_diameter\":0.40,\"mmu\":false,"
    "\"serial\":\"10589-3742441632212\",\"hostname\":\"prusa-mk4\","
    "\"min_extrusion_temp\":170}";

static const char pi_info[] =
    "{\"name\": \"MuadDib\", \"location\": \"Arrakis\", "
    "\"farm_mode\": false, \"network_error_chime\": true, "
    "\"nozzle_diameter\": 0.4, \"min_extrusion_temp\": 170, "
    "\"serial\": \"CZPX4720X004XC34242\", "
    "\"hostname\": \"connect.prusa3d.com\", \"port\": 0}";

static const char buddy_status[] =
    "{\"job\":{\"id\":420,\"progress\":42.00,\"time_remaining\":520,"
    "\"filament_change_in\":300,\"time_printing\":526},"
    "\"storage\":{\"path\":\"/usb/\",\"name\":\"usb\",\"read_only\":false},"
    "\"transfer\":{\"id\":1804289384,\"time_transferring\":12,"
    "\"progress\":0.42,\"transferred\":1048576},"
    "\"printer\":{\"state\":\"PRINTING\",\"temp_bed\":59.5,"
    "\"target_bed\":60.0,\"temp_nozzle\":214.9,\"target_nozzle\":215.0,"
    "\"axis_z\":0.5,\"flow\":95,\"speed\":100,\"fan_hotend\":3200,"
    "\"fan_print\":5000}}";

static const char pi_status[] =
    "{\"storage\": [{\"path\": \"/local\", \"read_only\": false, "
    "\"free_space\": 28248391680, \"name\": \"PrusaLink gcodes\"}, "
    "{\"path\": \"/sdcard\", \"read_only\": true}], "
    "\"printer\": {\"state\": \"IDLE\", \"temp_nozzle\": 23.3, "
    "\"temp_bed\": 22.2, \"axis_z\": 0.15, \"flow\": 100, \"speed\": 100, "
    "\"fan_hotend\": 0, \"fan_print\": 0, "
    "\"status_connect\": {\"ok\": true, \"message\": \"OK\"}, "
    "\"status_printer\": {\"ok\": true, \"message\": \"OK\"}, "
    "\"target_nozzle\": 0.0, \"target_bed\": 0.0, \"axis_x\": 0.0, "
    "\"axis_y\": 0.0}, \"camera\": {\"id\": \"abc\"}, "
    "\"job\": {\"id\": 12, \"progress\": 42.0, \"time_remaining\": 520, "
    "\"time_printing\": 526}, \"transfer\": {\"id\": 2787238908, "
    "\"time_transferring\": 1, \"progress\": 21.57, "
    "\"data_transferred\": 4314090}}";

static const char buddy_job[] =
    "{\"id\":420,\"state\":\"PRINTING\",\"progress\":42.00,"
    "\"time_remaining\":520,\"time_printing\":526,"
    "\"file\":{\"refs\":{\"icon\":\"/thumb/s/usb/SPICE~1.GCO\","
    "\"thumbnail\":\"/thumb/l/usb/SPICE~1.GCO\","
    "\"download\":\"/usb/SPICE~1.GCO\"},\"name\":\"SPICE~1.GCO\","
    "\"display_name\":\"Spice_Harvester.gcode\",\"path\":\"/usb\","
    "\"size\":2393142,\"m_timestamp\":1648042843}}";

static const char pi_job[] =
    "{\"file\": {\"name\": \"a.gcode\", \"display_name\": \"a.gcode\", "
    "\"path\": \"/PrusaLink gcodes/a.gcode\", "
    "\"display_path\": \"/PrusaLink gcodes/a.gcode\", \"size\": 2393142, "
    "\"m_timestamp\": 1648042843, "
    "\"refs\": {\"download\": "
    "\"/api/files/local/PrusaLink gcodes/a.gcode/raw\", "
    "\"icon\": null, "
    "\"thumbnail\": \"/api/thumbnails/PrusaLink gcodes/a.gcode.orig.png\"}, "
    "\"meta\": {\"estimated_print_time\": 2562}}, \"id\": 12, "
    "\"state\": \"PRINTING\", \"progress\": 42.0, \"time_remaining\": 520, "
    "\"time_printing\": 526, \"inaccurate_estimates\": false}";

static const char buddy_storage[] =
    "{\"storage_list\":[{\"path\":\"/usb/\",\"name\":\"usb\","
    "\"type\":\"USB\",\"read_only\":false,\"available\":true}]}";

static const char pi_storage[] =
    "{\"storage_list\": [{\"type\": \"LOCAL\", \"path\": \"/local\", "
    "\"available\": true, \"free_space\": 28248391680, "
    "\"total_space\": 31132934144, \"read_only\": false, "
    "\"name\": \"PrusaLink gcodes\", \"print_files\": 123456, "
    "\"system_files\": 0}, {\"type\": \"SDCARD\", \"path\": \"/sdcard\", "
    "\"available\": false}]}";

static const char buddy_transfer[] =
    "{\"type\":\"FROM_CLIENT\",\"display_name\":\"box.gcode\","
    "\"path\":\"/usb\",\"size\":\"239314\",\"progress\":0.42,"
    "\"transferred\":100512,\"time_remaining\":61,\"time_transferring\":42,"
    "\"to_print\":false}";

static const char pi_transfer[] =
    "{\"type\": \"FROM_CLIENT\", \"display_name\": \"conc1.gcode\", "
    "\"path\": \"/local\", \"url\": null, \"size\": 20000000, "
    "\"progress\": 21.24, \"transferred\": 4248725, "
    "\"time_remaining\": 6655433266, \"time_transferring\": 1, "
    "\"to_print\": false}";

static const char buddy_listing[] =
    "{\"type\":\"FOLDER\",\"ro\":false,\"name\":\"usb\","
    "\"children\":[{\"name\":\"SPICE~1.GCO\",\"ro\":false,"
    "\"type\":\"PRINT_FILE\",\"m_timestamp\":1648042843,"
    "\"refs\":{\"icon\":\"/thumb/s/usb/SPICE~1.GCO\","
    "\"thumbnail\":\"/thumb/l/usb/SPICE~1.GCO\","
    "\"download\":\"/usb/SPICE~1.GCO\"},"
    "\"display_name\":\"Spice_Harvester.gcode\"},{\"name\":\"PARTS\","
    "\"ro\":false,\"type\":\"FOLDER\",\"m_timestamp\":1648042000,"
    "\"display_name\":\"parts\"}]}";

static const char pi_listing[] =
    "{\"type\": \"FOLDER\", \"name\": \"PrusaLink gcodes\", "
    "\"read_only\": false, \"m_timestamp\": 1795228663, \"size\": 65375, "
    "\"children\": [{\"type\": \"FOLDER\", \"name\": \"dir1\", "
    "\"read_only\": false, \"m_timestamp\": 1795228663, \"size\": 8, "
    "\"display_name\": \"dir1\"}, {\"type\": \"PRINT_FILE\", "
    "\"name\": \"s2.gcode\", \"read_only\": false, "
    "\"m_timestamp\": 1795228657, \"size\": 65367, "
    "\"display_name\": \"s2.gcode\", "
    "\"refs\": {\"download\": "
    "\"/api/files/local/PrusaLink gcodes/s2.gcode/raw\", "
    "\"icon\": null, \"thumbnail\": null}}], "
    "\"display_name\": \"PrusaLink gcodes\"}";

static const char buddy_file[] =
    "{\"name\":\"SPICE~1.GCO\",\"ro\":false,\"type\":\"PRINT_FILE\","
    "\"m_timestamp\":1648042843,\"size\":2393142,"
    "\"refs\":{\"icon\":\"/thumb/s/usb/SPICE~1.GCO\","
    "\"thumbnail\":\"/thumb/l/usb/SPICE~1.GCO\","
    "\"download\":\"/usb/SPICE~1.GCO\"},"
    "\"display_name\":\"Spice_Harvester.gcode\"}";

#endif
